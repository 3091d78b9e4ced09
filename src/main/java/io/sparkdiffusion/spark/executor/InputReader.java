package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.image.Canny;
import io.sparkdiffusion.image.ImageFiles;
import io.sparkdiffusion.image.ImageFit;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.image.UnreadableImageException;
import io.sparkdiffusion.request.ControlPreprocessor;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputFile;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.spark.table.InputFiles;
import io.sparkdiffusion.spark.table.UnusableImageException;
import io.sparkdiffusion.util.Sha256;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;

/**
 * Reads the input images of planned images. The last one of each kind is kept: images of one row,
 * and often all of a run, have the same. Not thread-safe.
 */
public final class InputReader {

  private final InputFiles files;
  private final Map<InputImage, Known> last = new EnumMap<>(InputImage.class);

  private record Wanted(String sha256, String fit, String made, int width, int height) {}

  @SuppressWarnings("ArrayRecordComponent") // Borrowed; nobody compares them.
  private record Known(Wanted wanted, String size, byte[] rgb) {}

  InputReader(Configuration hadoop) {
    this.files = InputFiles.ofWorkingFolder(hadoop);
  }

  /**
   * Makes sure that the input images of a planned image can be used, none of which a table holds.
   *
   * @param planned of {@link io.sparkdiffusion.spark.table.RequestColumns}
   * @throws UnusableImageException where one cannot, with the reason
   */
  public static void requireUsable(Row planned, Configuration hadoop)
      throws UnusableImageException {
    new InputReader(hadoop).rgb(PlannedImage.of(new FiledRows.Filed(planned, Map.of())));
  }

  /**
   * The pixels of the input images that an image has.
   *
   * @return height x width x 3 bytes of each, of the size that is asked for
   * @throws UnusableImageException where one has none, with the reason
   */
  Map<InputImage, byte[]> rgb(PlannedImage planned) throws UnusableImageException {
    Map<InputImage, byte[]> all = new EnumMap<>(InputImage.class);
    for (InputImage input : planned.request().inputs()) {
      Known known = known(planned, input);
      all.put(input, known.rgb());
      if (input == InputImage.MASK && !known.size().equals(last.get(InputImage.INIT).size())) {
        throw new UnusableImageException(
            input,
            "it must be as large as init_image, " + last.get(InputImage.INIT).size(),
            known.size());
      }
    }
    return all;
  }

  private Known known(PlannedImage planned, InputImage input) throws UnusableImageException {
    ImageRequest request = planned.request();
    InputFile file = input.file(request.values());
    int scale = request.start().scale();
    Wanted wanted =
        new Wanted(
            file.sha256(),
            request.values().get(Parameters.INIT_IMAGE_FIT),
            ControlPreprocessor.of(input, request.values()),
            request.widthPixels() / scale,
            request.heightPixels() / scale);
    Known known = last.get(input);
    if (known == null || !known.wanted().equals(wanted)) {
      RgbImage whole = decoded(input, bytes(planned, input, file));
      byte[] rgb = fitted(input, whole, wanted.fit(), wanted.width(), wanted.height());
      String size = whole.widthPixels() + " x " + whole.heightPixels();
      known = new Known(wanted, size, made(wanted, rgb));
      last.put(input, known);
    }
    return known;
  }

  /** What is made of an image once it has its size, so that lines are a pixel wide. */
  private static byte[] made(Wanted wanted, byte[] rgb) {
    return wanted.made().equals(ControlPreprocessor.CANNY)
        ? Canny.edges(new RgbImage(wanted.width(), wanted.height(), rgb)).rgb()
        : rgb;
  }

  private byte[] bytes(PlannedImage planned, InputImage input, InputFile file)
      throws UnusableImageException {
    byte[] inRow = planned.inRow().get(input);
    if (file.path().isEmpty() && inRow == null) {
      throw new UnusableImageException(
          input, "its row must be found when the table is read again", "not found");
    }
    byte[] bytes = file.path().isEmpty() ? inRow : files.read(input, file.path());
    if (file.path().isEmpty()) {
      InputFiles.requireSize(input, bytes.length, "");
    }
    if (!Sha256.of(bytes).equals(file.sha256())) {
      throw new UnusableImageException(
          input, "it must not change while a run goes on", "another hash: " + file.path());
    }
    return bytes;
  }

  /**
   * The pixels of a file in the size that is asked for.
   *
   * @param fit of {@link io.sparkdiffusion.request.InitImageFit}
   * @return height x width x 3 bytes
   * @throws UnusableImageException where it has none, or another size that must not be
   */
  public static byte[] fitted(
      InputImage input, byte[] file, String fit, int widthPixels, int heightPixels)
      throws UnusableImageException {
    return fitted(input, decoded(input, file), fit, widthPixels, heightPixels);
  }

  /**
   * Makes sure that a file is an image, of whatever size.
   *
   * @throws UnusableImageException where it is none that can be read
   */
  public static void requireImage(InputImage input, byte[] file) throws UnusableImageException {
    decoded(input, file);
  }

  private static RgbImage decoded(InputImage input, byte[] file) throws UnusableImageException {
    try {
      return SparkImage.isOne(file) ? SparkImage.read(input, file) : ImageFiles.read(file);
    } catch (UnreadableImageException e) {
      throw new UnusableImageException(input, e);
    }
  }

  private static byte[] fitted(
      InputImage input, RgbImage image, String fit, int widthPixels, int heightPixels)
      throws UnusableImageException {
    try {
      return ImageFit.valueOf(fit.toUpperCase(Locale.ROOT))
          .fitted(image, widthPixels, heightPixels)
          .rgb();
    } catch (UnreadableImageException e) {
      throw new UnusableImageException(input, e);
    }
  }
}
