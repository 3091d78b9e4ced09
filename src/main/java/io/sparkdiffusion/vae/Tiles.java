package io.sparkdiffusion.vae;

import io.sparkdiffusion.graph.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * What a decoder or an encoder gives in overlapping tiles that are blended where they meet, so that
 * a large image takes the memory of a small one (diffusers, {@code AutoencoderKL.tiled_decode} and
 * {@code _tiled_encode}, with their overlap of a quarter). Tiles do not see beyond themselves, so
 * the result is another one than in a piece.
 *
 * @param outputs a tile's side in what the network gives
 * @param inputs a tile's side in what it takes
 */
public record Tiles(long outputs, long inputs) {

  private static final double OVERLAP = 0.25;

  /** Diffusers' tiles for a decoder: of the size that the VAE was trained on. */
  public static Tiles ofDecoder(VaeConfig config) {
    return new Tiles(config.sampleSize(), config.sampleSize() / config.compression());
  }

  /** The same for an encoder. */
  public static Tiles ofEncoder(VaeConfig config) {
    return new Tiles(config.sampleSize() / config.compression(), config.sampleSize());
  }

  /**
   * A part of the input.
   *
   * @param row of tiles
   */
  public record Tile(int row, long top, long left, long height, long width) {}

  /** Whether an input of a size is larger than a tile, and a tile is large enough to overlap. */
  public boolean areNeeded(long height, long width) {
    return (height > inputs || width > inputs) && step() > 0;
  }

  private long step() {
    return (long) (inputs * (1 - OVERLAP));
  }

  private long blended() {
    return (long) (outputs * OVERLAP);
  }

  /** The tiles of an input, row by row. */
  public List<Tile> of(long height, long width) {
    List<Tile> tiles = new ArrayList<>();
    int row = 0;
    for (long top = 0; top < height; top += step(), row++) {
      for (long left = 0; left < width; left += step()) {
        tiles.add(
            new Tile(
                row, top, left, Math.min(inputs, height - top), Math.min(inputs, width - left)));
      }
    }
    return tiles;
  }

  /**
   * The whole: each tile goes over into the one above and the one on its left, as those are by
   * then, and gives all but what the next ones blend.
   *
   * @param results (B, C, h, w) of {@link #of(long, long)}'s tiles
   * @return (B, C, H, W)
   */
  public Tensor joined(List<Tile> tiles, List<Tensor> results) {
    long kept = outputs - blended();
    List<List<Tensor>> rows = new ArrayList<>();
    List<List<Tensor>> parts = new ArrayList<>();
    for (int i = 0; i < tiles.size(); i++) {
      int row = tiles.get(i).row();
      if (rows.size() == row) {
        rows.add(new ArrayList<>());
        parts.add(new ArrayList<>());
      }
      List<Tensor> left = rows.get(row);
      Tensor tile = results.get(i);
      tile = row == 0 ? tile : blended(rows.get(row - 1).get(left.size()), tile, 2);
      tile = left.isEmpty() ? tile : blended(left.get(left.size() - 1), tile, 3);
      left.add(tile);
      Tensor part = tile.narrow(2, 0, Math.min(kept, tile.size(2)));
      parts.get(row).add(part.narrow(3, 0, Math.min(kept, tile.size(3))));
    }
    return cat(2, parts.stream().map(row -> cat(3, row)).toList());
  }

  /** {@code b} whose beginning in a dimension goes over from the end of {@code a}. */
  private Tensor blended(Tensor a, Tensor b, int dimension) {
    long extent = Math.min(Math.min(a.size(dimension), b.size(dimension)), blended());
    long[] sizes = {1, 1, 1, 1};
    sizes[dimension] = extent;
    Tensor steps = Tensor.arange(b, extent);
    Tensor rising = steps.dividedBy((double) extent).reshape(sizes);
    Tensor falling =
        steps.times(-1).plus((double) extent).dividedBy((double) extent).reshape(sizes);
    Tensor end = a.narrow(dimension, a.size(dimension) - extent, extent);
    Tensor both = end.times(falling).plus(b.narrow(dimension, 0, extent).times(rising));
    long rest = b.size(dimension) - extent;
    return rest == 0 ? both : Tensor.cat(dimension, both, b.narrow(dimension, extent, rest));
  }

  private static Tensor cat(int dimension, List<Tensor> all) {
    return all.size() == 1 ? all.get(0) : Tensor.cat(dimension, all.toArray(Tensor[]::new));
  }
}
