package io.sparkdiffusion.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.metadata.AiMark;
import io.sparkdiffusion.metadata.GenerationParameters;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.Requests;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class PngEncoderTest {

  static Stream<RgbImage> images() throws IOException {
    return Stream.of(
        noise(1, 1),
        noise(64, 64),
        noise(7, 13),
        normalNoise(512, 512),
        flat(512, 512),
        waves(256, 192),
        discs(200, 300),
        paintedImages().get(0));
  }

  @ParameterizedTest
  @MethodSource("images")
  void keepsEveryPixel(RgbImage image) throws IOException {
    BufferedImage read = ImageIO.read(new ByteArrayInputStream(encode(image)));

    assertThat(read.getWidth()).isEqualTo(image.widthPixels());
    assertThat(read.getHeight()).isEqualTo(image.heightPixels());
    assertThat(read.getColorModel().getNumComponents()).isEqualTo(3);
    assertThat(pixels(read)).isEqualTo(image.rgb());
  }

  /** A model's images and photographs: for drawings and noise a search would make smaller files. */
  @Test
  void makesSmallerFilesThanImageIo() throws IOException {
    List<RgbImage> images = new ArrayList<>(List.of(waves(256, 192)));
    images.addAll(paintedImages());
    long ours = 0;
    ByteArrayOutputStream theirs = new ByteArrayOutputStream();
    for (RgbImage image : images) {
      ours += encode(image).length;
      ImageIO.write(buffered(image), "png", theirs);
    }
    assertThat(ours).isLessThan(theirs.size());
  }

  @ParameterizedTest
  @MethodSource("images")
  void filtersEachRowAsTheStandardSays(RgbImage image) {
    PaethFilter rows = new PaethFilter(image);

    for (int y = 0; y < image.heightPixels(); y++) {
      byte[] filtered = rows.next();
      assertThat(filtered).hasSize(1 + image.rowBytes());
      for (int x = 0; x < image.rowBytes(); x++) {
        int predicted = filtered[0] == 2 ? byteAt(image, x, y - 1) : paeth(image, x, y);
        assertThat(filtered[1 + x])
            .as("byte %d of row %d", x, y)
            .isEqualTo((byte) (byteAt(image, x, y) - predicted));
      }
    }
  }

  /** ISO/IEC 15948, 9.4. */
  private static int paeth(RgbImage image, int x, int y) {
    int a = byteAt(image, x - 3, y);
    int b = byteAt(image, x, y - 1);
    int c = byteAt(image, x - 3, y - 1);
    int p = a + b - c;
    if (Math.abs(p - a) <= Math.abs(p - b) && Math.abs(p - a) <= Math.abs(p - c)) {
      return a;
    }
    return Math.abs(p - b) <= Math.abs(p - c) ? b : c;
  }

  private static int byteAt(RgbImage image, int x, int y) {
    return x < 0 || y < 0 ? 0 : image.rgb()[y * image.rowBytes() + x] & 0xFF;
  }

  @Test
  void givesTheSameBytesEachTime() {
    List<PngText> texts = List.of(PngText.aiMark());

    assertThat(PngEncoder.encode(waves(64, 64), texts))
        .isEqualTo(PngEncoder.encode(waves(64, 64), texts));
  }

  @Test
  void writesLatinTextsAsTextAndOthersAsInternationalText() throws IOException {
    byte[] png =
        PngEncoder.encode(
            noise(8, 8),
            List.of(
                new PngText("parameters", "café,\n½"),
                new PngText("Title", "猫 🐈"),
                new PngText("Comment", "tab\tand nul\0"),
                PngText.aiMark()));

    assertThat(texts(png, "tEXt", "value")).isEqualTo(Map.of("parameters", "café,\n½"));
    assertThat(texts(png, "iTXt", "text"))
        .isEqualTo(
            Map.of(
                "Title", "猫 🐈",
                "Comment", "tab\tand nul\uFFFD",
                "XML:com.adobe.xmp", AiMark.xmp()));
  }

  @Test
  void carriesTheGenerationParameters() throws IOException {
    GenerationParameters parameters =
        GenerationParameters.of(
            Requests.of("a", 0, "a cat", "", Parameters.NUM_INFERENCE_STEPS.of(20)), "abc", "sd2");

    byte[] png = PngEncoder.encode(noise(8, 8), List.of(PngText.of(parameters)));

    assertThat(GenerationParameters.parse(texts(png, "tEXt", "value").get("parameters")))
        .isEqualTo(parameters);
  }

  @Test
  void refusesWhatPngCannotHold() {
    assertThatThrownBy(() -> new PngText("", "x"))
        .hasMessage("Cannot use a PNG keyword: it must be 1 to 79 printable characters ()");
    assertThatThrownBy(() -> new RgbImage(2, 2, new byte[11]))
        .hasMessage("Cannot use pixels: 11 bytes do not make 2 x 2 pixels of 3 bytes");
    assertThat(new PngText("k", "a secret")).hasToString("PngText[k]");
  }

  @Test
  void tellsAFlatImage() {
    assertThat(flat(16, 16).isFlat()).isTrue();
    assertThat(new RgbImage(2, 1, new byte[] {1, 2, 3, 1, 2, 3}).isFlat()).isTrue();
    assertThat(new RgbImage(2, 1, new byte[] {1, 2, 3, 1, 2, 4}).isFlat()).isFalse();
  }

  private static byte[] encode(RgbImage image) {
    return PngEncoder.encode(image, List.of());
  }

  private static RgbImage noise(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    new Random(1).nextBytes(rgb);
    return new RgbImage(width, height, rgb);
  }

  private static RgbImage flat(int width, int height) {
    return new RgbImage(width, height, new byte[3 * width * height]);
  }

  /** Smooth colours under a little noise, as in a photograph. */
  private static RgbImage waves(int width, int height) {
    Random random = new Random(2);
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      int x = i / 3 % width;
      int y = i / 3 / width;
      double wave = Math.sin(x * 0.03 + i % 3) + Math.cos(y * 0.05 - x * 0.01);
      rgb[i] = (byte) (128 + 50 * wave + 2 * random.nextGaussian());
    }
    return new RgbImage(width, height, rgb);
  }

  /** Areas of one colour with sharp edges, as in a drawing. */
  private static RgbImage discs(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      int x = i / 3 % width - 80;
      int y = i / 3 / width - 120;
      rgb[i] = (byte) ((x * x + y * y) / 4000 * (37 + i % 3));
    }
    return new RgbImage(width, height, rgb);
  }

  /** Some of the embedded model's, from a sheet of them. */
  private static List<RgbImage> paintedImages() throws IOException {
    BufferedImage sheet = ImageIO.read(Path.of("docs/images/quick-start.png").toFile());
    return IntStream.range(0, 16)
        .mapToObj(i -> sheet.getSubimage(20 + 142 * (i % 4), 20 + 142 * (i / 4), 110, 110))
        .map(piece -> new RgbImage(110, 110, pixels(piece)))
        .toList();
  }

  /** Every byte by itself, most of them near the middle. */
  private static RgbImage normalNoise(int width, int height) {
    Random random = new Random(4);
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) Math.max(0, Math.min(255, 128 + 50 * random.nextGaussian()));
    }
    return new RgbImage(width, height, rgb);
  }

  private static BufferedImage buffered(RgbImage image) {
    BufferedImage buffered =
        new BufferedImage(image.widthPixels(), image.heightPixels(), BufferedImage.TYPE_3BYTE_BGR);
    byte[] rgb = image.rgb();
    for (int p = 0; p < rgb.length / 3; p++) {
      int argb = (rgb[3 * p] & 0xFF) << 16 | (rgb[3 * p + 1] & 0xFF) << 8 | (rgb[3 * p + 2] & 0xFF);
      buffered.setRGB(p % image.widthPixels(), p / image.widthPixels(), argb);
    }
    return buffered;
  }

  private static byte[] pixels(BufferedImage image) {
    byte[] rgb = new byte[3 * image.getWidth() * image.getHeight()];
    for (int p = 0; p < rgb.length / 3; p++) {
      int argb = image.getRGB(p % image.getWidth(), p / image.getWidth());
      rgb[3 * p] = (byte) (argb >> 16);
      rgb[3 * p + 1] = (byte) (argb >> 8);
      rgb[3 * p + 2] = (byte) argb;
    }
    return rgb;
  }

  private static Map<String, String> texts(byte[] png, String chunk, String attribute)
      throws IOException {
    ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
    try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(png))) {
      reader.setInput(in);
      Element root = (Element) reader.getImageMetadata(0).getAsTree("javax_imageio_png_1.0");
      NodeList entries = root.getElementsByTagName(chunk + "Entry");
      Map<String, String> texts = new LinkedHashMap<>();
      for (int i = 0; i < entries.getLength(); i++) {
        Element entry = (Element) entries.item(i);
        texts.put(entry.getAttribute("keyword"), entry.getAttribute(attribute));
      }
      return texts;
    } finally {
      reader.dispose();
    }
  }
}
