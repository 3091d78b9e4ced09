package io.sparkdiffusion.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Reads the images that others have made: PNG and JPEG files, as diffusers' {@code load_image} does
 * with Pillow. A file's container is looked through first, so that nothing large is decoded and
 * nothing but pixels is; the JDK decodes those.
 */
public final class ImageFiles {

  /** The longest side that is read. */
  public static final int MOST_SIDE_PIXELS = 16_384;

  /** The most pixels that are read, those of an image in 8K. */
  public static final int MOST_PIXELS = 1 << 25;

  /** How files begin that are told apart only to be refused, by what they are called. */
  private static final Map<String, String> OTHERS = new LinkedHashMap<>();

  static {
    OTHERS.put("GIF8", "a GIF");
    OTHERS.put("RIFF", "a WebP or another RIFF");
    OTHERS.put("BM", "a BMP");
    OTHERS.put("II*\0", "a TIFF");
    OTHERS.put("MM\0*", "a TIFF");
    OTHERS.put("\u001f\u008b", "gzip, unpack it first");
    OTHERS.put("http://", "a URL, which no job opens; download it first");
    OTHERS.put("https://", "a URL, which no job opens; download it first");
    OTHERS.put("data:", "a URL of data; decode its base64 first");
    OTHERS.put("<", "HTML, SVG or XML");
  }

  private static final String UNKNOWN = "neither by its first bytes";
  private static final int LONGEST_TEXT = 4_096;

  private ImageFiles() {}

  /**
   * Decodes a file: turned as its EXIF orientation says, its transparent parts over white, of 16
   * bits the upper 8. Colour profiles are not applied.
   *
   * @throws UnreadableImageException where it is broken, animated, CMYK, too large or another kind
   */
  public static RgbImage read(byte[] file) {
    ImageContainer container = container(file);
    requireSize(container.widthPixels(), container.heightPixels());
    BufferedImage decoded = decoded(container);
    if (decoded.getWidth() != container.widthPixels()
        || decoded.getHeight() != container.heightPixels()) {
      throw new UnreadableImageException(
          "it must be of the size that its header says",
          "%s x %s".formatted(decoded.getWidth(), decoded.getHeight()));
    }
    return Orientation.of(container.orientation()).upright(DecodedPixels.overWhite(decoded));
  }

  private static ImageContainer container(byte[] file) {
    if (file.length == 0) {
      throw new UnreadableImageException("it must be a PNG or JPEG file", "no bytes");
    }
    if (PngFile.isOne(file)) {
      return PngFile.container(file);
    }
    if (JpegFile.isOne(file)) {
      return JpegFile.container(file);
    }
    throw new UnreadableImageException("it must be a PNG or JPEG file", kind(file));
  }

  private static String kind(byte[] file) {
    String begin = new String(file, 0, Math.min(16, file.length), StandardCharsets.ISO_8859_1);
    if (begin.startsWith("ftyp", 4)) {
      return "a HEIC, an AVIF or a video";
    }
    return OTHERS.entrySet().stream()
        .filter(other -> begin.startsWith(other.getKey()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(isText(file) ? "a text; a path is one in a column of texts alone" : UNKNOWN);
  }

  private static boolean isText(byte[] file) {
    return file.length <= LONGEST_TEXT
        && new String(file, StandardCharsets.UTF_8)
            .codePoints()
            .noneMatch(point -> Character.isISOControl(point) || point == 0xFFFD);
  }

  /**
   * Refuses an image by its size, before memory is taken for it.
   *
   * @throws UnreadableImageException where it has no pixels or too many
   */
  public static void requireSize(int widthPixels, int heightPixels) {
    String actual = "%s x %s".formatted(widthPixels, heightPixels);
    if (widthPixels < 1 || heightPixels < 1) {
      throw new UnreadableImageException("it must have pixels", actual);
    }
    if (widthPixels > MOST_SIDE_PIXELS || heightPixels > MOST_SIDE_PIXELS) {
      throw new UnreadableImageException(
          "each side must be at most %s pixels".formatted(MOST_SIDE_PIXELS), actual);
    }
    if ((long) widthPixels * heightPixels > MOST_PIXELS) {
      throw new UnreadableImageException(
          "it must have at most %s pixels".formatted(MOST_PIXELS), actual);
    }
  }

  private static BufferedImage decoded(ImageContainer container) {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(container.format());
    ImageReader reader = readers.next();
    // In memory: ImageIO's usual stream writes a temporary file.
    try (ImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(container.plain()))) {
      reader.setInput(stream, true, true);
      return reader.read(0);
    } catch (IOException | RuntimeException e) {
      throw new UnreadableImageException(
          "Java must decode its %s data".formatted(container.format()), e.getMessage(), e);
    } finally {
      reader.dispose();
    }
  }
}
