package io.sparkdiffusion.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.metadata.RequestHash;
import io.sparkdiffusion.testing.Requests;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VaeTilingTest {

  /** On a CPU and on a GPU, for tiles of 768 pixels. */
  @ParameterizedTest
  @CsvSource({
    "auto, 512, auto, auto",
    "auto, 1024, auto, auto",
    "auto, 1032, auto, on",
    "auto, 2048, auto, on",
    "on, 512, auto, auto",
    "on, 768, auto, auto",
    "on, 776, on, on",
    "off, 1024, auto, auto",
    "off, 2048, off, off"
  })
  void saysWhatIsDone(String asked, int side, String onCpu, String onGpu) {
    assertThat(settled(asked, side, VaeTiling.Large.WHOLE)).isEqualTo(onCpu);
    assertThat(settled(asked, side, VaeTiling.Large.TILED)).isEqualTo(onGpu);
  }

  /** Whatever else it says, an image in a piece is the one that there was before. */
  @ParameterizedTest
  @CsvSource({"auto, true", "off, true", "on, false"})
  void changesTheHashOfAnImageInTilesAlone(String settled, boolean isAsBefore) {
    assertThat(hash(request(settled, 2048)).equals(hash(request("auto", 2048))))
        .isEqualTo(isAsBefore);
    assertThat(request(settled, 2048).batchKey().isTiled()).isEqualTo(!isAsBefore);
  }

  private static String settled(String asked, int side, VaeTiling.Large large) {
    return VaeTiling.settled(request(asked, side), 768, large).values().get(Parameters.VAE_TILING);
  }

  private static ImageRequest request(String asked, int side) {
    return Requests.of(
        "a",
        0,
        "a cat",
        "",
        Parameters.HEIGHT.of(side),
        Parameters.WIDTH.of(side),
        Parameters.VAE_TILING.of(asked));
  }

  private static String hash(ImageRequest request) {
    return RequestHash.of(request, Map.of(), "float32", "abc");
  }
}
