package io.sparkdiffusion.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every pixel against OpenCV's. */
class CannyTest {

  private static final ReferenceFile NUMBERS = ReferenceModels.numbers("canny.safetensors");

  @ParameterizedTest
  @ValueSource(strings = {"scene", "odd", "row", "column", "pixel"})
  void edgesAreThoseOfOpenCv(String name) {
    long[] shape = NUMBERS.shape(name + "/rgb");
    int height = Math.toIntExact(shape[0]);
    int width = Math.toIntExact(shape[1]);
    byte[] expected = NUMBERS.bytes(name + "/edges");

    RgbImage edges = Canny.edges(new RgbImage(width, height, NUMBERS.bytes(name + "/rgb")));

    byte[] drawn = new byte[3 * expected.length];
    for (int i = 0; i < drawn.length; i++) {
      drawn[i] = expected[i / 3];
    }
    assertThat(edges.rgb()).isEqualTo(drawn);
    assertThat(edges.widthPixels()).isEqualTo(width);
  }
}
