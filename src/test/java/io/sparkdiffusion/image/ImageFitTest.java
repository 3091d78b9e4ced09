package io.sparkdiffusion.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sizes and masks against diffusers' VaeImageProcessor, which asks Pillow. */
class ImageFitTest {

  private static final ReferenceFile NUMBERS = ReferenceModels.numbers("images.safetensors");

  /** The same, larger, smaller, wider, a pixel, and narrower in one direction. */
  @ParameterizedTest
  @CsvSource({"20, 12", "64, 40", "7, 5", "20, 33", "1, 1", "8, 12"})
  void sizesAreThoseOfDiffusers(int width, int height) {
    RgbImage source = image("source");
    String size = width + "x" + height;

    assertThat(ImageFit.RESIZE.fitted(source, width, height).rgb())
        .isEqualTo(NUMBERS.bytes("default/" + size));
    assertThat(ImageFit.CROP.fitted(source, width, height).rgb())
        .isEqualTo(NUMBERS.bytes("crop/" + size));
  }

  @Test
  void anExactImageHasThatSizeAlready() {
    RgbImage source = image("source");

    assertThat(ImageFit.EXACT.fitted(source, 20, 12)).isSameAs(source);
    for (int width : new int[] {20, 24}) {
      assertThatThrownBy(() -> ImageFit.EXACT.fitted(source, width, 16))
          .isInstanceOf(UnreadableImageException.class)
          .hasMessage(
              "Cannot read image: it must be %s x 16 pixels, or init_image_fit must be resize or"
                      .formatted(width)
                  + " crop (20 x 12)");
    }
  }

  /** What covers the size of a strip has more pixels than memory. */
  @Test
  void onlyWhatIsKeptIsComputed() {
    RgbImage strip = new RgbImage(16_384, 1, new byte[3 * 16_384]);

    assertThat(ImageFit.CROP.fitted(strip, 2048, 2048).isFlat()).isTrue();
  }

  @Test
  void masksAreThoseOfDiffusers() {
    Mask mask = Mask.of(ImageFit.RESIZE.fitted(image("mask/source"), 40, 24));

    assertThat(mask.painted()).isEqualTo(NUMBERS.bytes("mask/pixels")).contains(0, 1);
    assertThat(mask.ofLatents(8).painted()).isEqualTo(NUMBERS.bytes("mask/latents"));
    assertThat(mask.ofLatents(8).widthPixels()).isEqualTo(5);
    assertThat(mask.ofLatents(8).heightPixels()).isEqualTo(3);
  }

  private static RgbImage image(String name) {
    long[] shape = NUMBERS.shape(name);
    return new RgbImage((int) shape[1], (int) shape[0], NUMBERS.bytes(name));
  }
}
