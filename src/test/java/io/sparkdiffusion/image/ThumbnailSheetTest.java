package io.sparkdiffusion.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class ThumbnailSheetTest {

  @Test
  void shrinksToTheLargerSideAndEnlargesNothing() {
    assertThat(ThumbnailSheet.area(0, 768, 512)).isEqualTo(new ThumbnailSheet.Area(0, 0, 192, 128));
    assertThat(ThumbnailSheet.area(9, 512, 768))
        .isEqualTo(new ThumbnailSheet.Area(192, 192, 128, 192));
    assertThat(ThumbnailSheet.area(63, 64, 8))
        .isEqualTo(new ThumbnailSheet.Area(7 * 192, 7 * 192, 64, 8));
    assertThat(ThumbnailSheet.area(0, 4096, 8)).isEqualTo(new ThumbnailSheet.Area(0, 0, 192, 1));
  }

  @Test
  void isAsLargeAsItsImagesNeed() {
    assertThat(ThumbnailSheet.whole(3)).isEqualTo(new ThumbnailSheet.Area(0, 0, 3 * 192, 192));
    assertThat(ThumbnailSheet.whole(9)).isEqualTo(new ThumbnailSheet.Area(0, 0, 8 * 192, 2 * 192));
  }

  /** Two stripes of one pixel each become their mean; a border between two areas stays sharp. */
  @Test
  void takesTheMeanOfThePixels() throws IOException {
    RgbImage shrunk = ThumbnailSheet.shrunk(png(384, 2, x -> x < 192 ? x % 2 * 200 : 40));
    assertThat(shrunk.widthPixels()).isEqualTo(192);
    assertThat(shrunk.heightPixels()).isEqualTo(1);
    assertThat(List.of(shrunk.rgb()[0], shrunk.rgb()[3 * 95], shrunk.rgb()[3 * 96]))
        .containsExactly((byte) 100, (byte) 100, (byte) 40);
  }

  @Test
  void putsImagesAtTheirPlaces() throws IOException {
    RgbImage dark = ThumbnailSheet.shrunk(png(192, 192, x -> 30));
    RgbImage light = ThumbnailSheet.shrunk(png(192, 96, x -> 220));
    byte[] jpeg = ThumbnailSheet.jpeg(Map.of(0, dark, 9, light), 10);
    BufferedImage sheet = ImageIO.read(new ByteArrayInputStream(jpeg));
    assertThat(sheet.getWidth()).isEqualTo(ThumbnailSheet.whole(10).width());
    assertThat(sheet.getHeight()).isEqualTo(ThumbnailSheet.whole(10).height());
    assertThat(grey(sheet, 96, 96)).isCloseTo(30, within(4));
    assertThat(grey(sheet, 192 + 96, 192 + 48)).isCloseTo(220, within(4));
    assertThat(grey(sheet, 192 + 96, 192 + 150)).isCloseTo(0, within(4));
  }

  @Test
  void refusesWhatIsNoImage() {
    assertThatThrownBy(() -> ThumbnailSheet.shrunk(new byte[] {1, 2, 3}))
        .isInstanceOf(IOException.class)
        .hasMessage("Cannot read an image: it must be a PNG file (3 bytes)");
  }

  private static int grey(BufferedImage sheet, int x, int y) {
    return sheet.getRGB(x, y) & 0xff;
  }

  private static byte[] png(int width, int height, java.util.function.IntUnaryOperator grey) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) grey.applyAsInt(i / 3 % width);
    }
    return PngEncoder.encode(new RgbImage(width, height, rgb), List.of());
  }
}
