package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.image.ImageFiles;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.spark.table.ImageCells;
import io.sparkdiffusion.spark.table.UnusableImageException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The pixels of Spark's image struct, as {@link ImageCells} writes them into one cell. */
final class SparkImage {

  private static final Pattern HEADER =
      Pattern.compile(ImageCells.SPARK_MARK + " (\\S+) (\\S+) (\\S+) ");
  private static final Pattern NUMBER = Pattern.compile("[1-9]\\d{0,8}");
  private static final Pattern CHANNELS = Pattern.compile("[134]");
  private static final int LONGEST_HEADER = 80;

  private SparkImage() {}

  /** Whether a cell is one, and no file. */
  static boolean isOne(byte[] cell) {
    return header(cell).lookingAt();
  }

  private static Matcher header(byte[] cell) {
    int length = Math.min(cell.length, LONGEST_HEADER);
    return HEADER.matcher(new String(cell, 0, length, StandardCharsets.ISO_8859_1));
  }

  /**
   * Its pixels: grey, or blue, green and red, with a fourth channel over white.
   *
   * @throws UnusableImageException where it has not as many as it says
   * @throws io.sparkdiffusion.image.UnreadableImageException where it has none or too many
   */
  static RgbImage read(InputImage input, byte[] cell) throws UnusableImageException {
    Matcher header = header(cell);
    if (!header.lookingAt()) {
      throw new UnusableImageException(input, "it must be Spark's image struct", "another cell");
    }
    requireNumbers(input, header);
    int height = Integer.parseInt(header.group(1));
    int width = Integer.parseInt(header.group(2));
    int channels = Integer.parseInt(header.group(3));
    ImageFiles.requireSize(width, height);
    byte[] data = Arrays.copyOfRange(cell, header.end(), cell.length);
    if (data.length != (long) height * width * channels) {
      throw new UnusableImageException(
          input,
          "its data must hold height x width x nChannels bytes",
          "%s of %s x %s x %s".formatted(data.length, height, width, channels));
    }
    byte[] rgb = new byte[3 * height * width];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) value(data, i / 3 * channels, channels, 2 - i % 3);
    }
    return new RgbImage(width, height, rgb);
  }

  /** Spark's image source has such numbers, -1, for a file that it could not read. */
  private static void requireNumbers(InputImage input, Matcher header)
      throws UnusableImageException {
    boolean isImage =
        NUMBER.matcher(header.group(1)).matches()
            && NUMBER.matcher(header.group(2)).matches()
            && CHANNELS.matcher(header.group(3)).matches();
    if (!isImage) {
      throw new UnusableImageException(
          input,
          "its height and width must be 1 or more, its nChannels 1, 3 or 4",
          "%s, %s, %s".formatted(header.group(1), header.group(2), header.group(3)));
    }
  }

  private static int value(byte[] data, int pixel, int channels, int channel) {
    int value = data[pixel + (channels == 1 ? 0 : channel)] & 0xFF;
    int alpha = channels == 4 ? data[pixel + 3] & 0xFF : 255;
    return (value * alpha + 255 * (255 - alpha) + 127) / 255;
  }
}
