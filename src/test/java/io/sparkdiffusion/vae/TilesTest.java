package io.sparkdiffusion.vae;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.graph.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

class TilesTest {

  /** Of 512 pixels, and their latents. */
  private static final Tiles TILES = new Tiles(512, 64);

  @Test
  void overlapByAQuarter() {
    List<Tiles.Tile> tiles = TILES.of(128, 96);
    assertThat(tiles).extracting(Tiles.Tile::top).containsExactly(0L, 0L, 48L, 48L, 96L, 96L);
    assertThat(tiles).extracting(Tiles.Tile::left).containsExactly(0L, 48L, 0L, 48L, 0L, 48L);
    assertThat(tiles).extracting(Tiles.Tile::height).containsExactly(64L, 64L, 64L, 64L, 32L, 32L);
    assertThat(tiles).extracting(Tiles.Tile::width).containsExactly(64L, 48L, 64L, 48L, 64L, 48L);
  }

  @Test
  void areNeededWhereLatentsAreLarger() {
    assertThat(TILES.areNeeded(64, 64)).isFalse();
    assertThat(TILES.areNeeded(65, 8)).isTrue();
    assertThat(TILES.areNeeded(8, 65)).isTrue();
  }

  @Test
  void joinToTheWholeImage() {
    Graph graph = new Graph("tiles");
    List<Tiles.Tile> tiles = TILES.of(100, 129);
    List<Tensor> images =
        tiles.stream().map(tile -> graph.input(2, 3, 8 * tile.height(), 8 * tile.width())).toList();
    assertThat(TILES.joined(tiles, images).shape()).isEqualTo(Shape.of(2, 3, 800, 1032));
  }
}
