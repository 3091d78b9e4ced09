package io.sparkdiffusion.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of others against what Pillow reads of them. */
class ImageFilesTest {

  private static final Path FOLDER = ReferenceModels.folder("images");
  private static final ReferenceFile PILLOW = ReferenceModels.numbers("images.safetensors");
  private static final int IHDR = 8;

  static List<String> files() {
    return PILLOW.names().stream().filter(name -> name.matches("\\w+\\.(png|jpg)")).toList();
  }

  @ParameterizedTest
  @MethodSource("files")
  void pixelsAreThoseOfPillow(String file) throws IOException {
    RgbImage image = ImageFiles.read(bytes(file));

    long[] shape = PILLOW.shape(file);
    assertThat(image.heightPixels()).isEqualTo(Math.toIntExact(shape[0]));
    assertThat(image.widthPixels()).isEqualTo(Math.toIntExact(shape[1]));
    assertThat(image.rgb()).isEqualTo(PILLOW.bytes(file));
  }

  @Test
  void everyKindOfFileIsThere() {
    assertThat(files()).hasSize(32);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cmyk.jpg | its colours must be grey or RGB (CMYK)",
        "animated.png | it must be a still image (an animated PNG)",
        "animated.gif | it must be a PNG or JPEG file (a GIF)",
        "image.webp | it must be a PNG or JPEG file (a WebP or another RIFF)",
        "image.bmp | it must be a PNG or JPEG file (a BMP)",
        "image.tiff | it must be a PNG or JPEG file (a TIFF)"
      })
  void otherKindsAreRefused(String file, String reason) throws IOException {
    assertRefused(bytes(file), reason);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "none",
      value = {
        "'' | it must be a PNG or JPEG file (no bytes)",
        "in/fox.png | it must be a PNG or JPEG file (a text; a path is one in a column of texts alone)",
        "....ftypavif | it must be a PNG or JPEG file (a HEIC, an AVIF or a video)",
        "<svg> | it must be a PNG or JPEG file (HTML, SVG or XML)",
        "https://host/a.png | it must be a PNG or JPEG file (a URL, which no job opens; download it first)",
        "http://host/a.png | it must be a PNG or JPEG file (a URL, which no job opens; download it first)",
        "data:image/png;base64, | it must be a PNG or JPEG file (a URL of data; decode its base64 first)"
      })
  void whatBeginsInSuchAWayIsRefused(String content, String reason) {
    assertRefused(content.getBytes(StandardCharsets.US_ASCII), reason);
  }

  @Test
  void whatIsNothingKnownIsRefused() {
    assertRefused(
        new byte[] {0x1f, (byte) 0x8b, 8, 0},
        "it must be a PNG or JPEG file (gzip, unpack it first)");
    assertRefused(
        new byte[] {'x', 0, 1}, "it must be a PNG or JPEG file (neither by its first bytes)");
    assertRefused(
        "x".repeat(5000).getBytes(StandardCharsets.US_ASCII),
        "it must be a PNG or JPEG file (neither by its first bytes)");
  }

  /** Wherever a file is cut off, be it by a byte. */
  @ParameterizedTest
  @ValueSource(
      strings = {"rgb.png", "palette_alpha.png", "rgb.jpg", "progressive.jpg", "turned6.jpg"})
  void truncatedFilesAreRefused(String file) throws IOException {
    byte[] whole = bytes(file);
    String format = file.endsWith("png") ? "PNG" : "JPEG";
    for (int length = 9; length < whole.length; length++) {
      assertRefused(
          Arrays.copyOf(whole, length),
          "its %s data must be whole (it is cut off)".formatted(format));
    }
  }

  @Test
  void whatStandsBehindTheEndIsPassedOver() throws IOException {
    for (String file : List.of("rgb.png", "rgb.jpg")) {
      byte[] whole = bytes(file);
      byte[] longer = Arrays.copyOf(whole, whole.length + 100);

      assertThat(ImageFiles.read(longer).rgb()).isEqualTo(PILLOW.bytes(file));
    }
  }

  @Test
  void damagedPixelsAreRefused() throws IOException {
    byte[] file = bytes("rgb.png");
    file[60] ^= 1;

    assertRefused(file, "its PNG data must be whole (IDAT is damaged)");
  }

  /** Fewer rows than the header says, all checksums right. */
  @Test
  void aFileWithTooFewRowsIsRefused() throws IOException {
    byte[] file = sized(bytes("rgb.png"), 20, 13);

    assertThatThrownBy(() -> ImageFiles.read(file))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessageStartingWith("Cannot read image: Java must decode its PNG data (");
  }

  /** By what the header says: nothing of these could be decoded. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "20000 | 1 | each side must be at most 16384 pixels (20000 x 1)",
        "1 | 16385 | each side must be at most 16384 pixels (1 x 16385)",
        "2147483647 | 2147483647 | each side must be at most 16384 pixels (2147483647 x 2147483647)",
        "16384 | 2049 | it must have at most 33554432 pixels (16384 x 2049)",
        "0 | 5 | it must have pixels (0 x 5)",
        "-1 | 5 | it must have pixels (-1 x 5)"
      })
  void sizesAreCheckedBeforeAnythingIsDecoded(int width, int height, String reason)
      throws IOException {
    assertRefused(sized(bytes("rgb.png"), width, height), reason);
  }

  @Test
  void jpegSizesAreCheckedBeforeAnythingIsDecoded() throws IOException {
    byte[] file = bytes("rgb.jpg");
    int frame = 0;
    while (file[frame] != (byte) 0xFF || file[frame + 1] != (byte) 0xC0) {
      frame++;
    }
    ByteBuffer.wrap(file).putShort(frame + 5, (short) 20).putShort(frame + 7, (short) 20_000);

    assertRefused(file, "each side must be at most 16384 pixels (20000 x 20)");
  }

  /** Descriptions and profiles may be of any size once they are unpacked. */
  @Test
  void whatIsNotOfThePixelsIsNotUnpacked() throws IOException {
    byte[] file = bytes("palette.png");
    byte[] text = chunk("zTXt", "Comment\0\0no deflate".getBytes(StandardCharsets.US_ASCII));
    ByteBuffer longer = ByteBuffer.allocate(file.length + text.length);
    longer.put(file, 0, IHDR + 25).put(text).put(file, IHDR + 25, file.length - IHDR - 25);

    assertThat(ImageFiles.read(longer.array()).rgb()).isEqualTo(PILLOW.bytes("palette.png"));
  }

  private static void assertRefused(byte[] file, String reason) {
    assertThatThrownBy(() -> ImageFiles.read(file))
        .isInstanceOf(UnreadableImageException.class)
        .hasMessage("Cannot read image: " + reason);
  }

  private static byte[] bytes(String file) throws IOException {
    return Files.readAllBytes(FOLDER.resolve(file));
  }

  private static byte[] sized(byte[] png, int width, int height) {
    byte[] data = Arrays.copyOfRange(png, IHDR + 8, IHDR + 21);
    ByteBuffer.wrap(data).putInt(width).putInt(height);
    ByteBuffer.wrap(png).put(IHDR, chunk("IHDR", data));
    return png;
  }

  private static byte[] chunk(String type, byte[] data) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 sum = new CRC32();
    sum.update(name);
    sum.update(data);
    return ByteBuffer.allocate(12 + data.length)
        .putInt(data.length)
        .put(name)
        .put(data)
        .putInt((int) sum.getValue())
        .array();
  }
}
