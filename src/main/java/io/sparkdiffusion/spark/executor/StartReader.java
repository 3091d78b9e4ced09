package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.image.ImageFiles;
import io.sparkdiffusion.image.ImageFit;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.image.UnreadableImageException;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.Start;
import io.sparkdiffusion.spark.table.InitImageFiles;
import io.sparkdiffusion.spark.table.UnusableInitImageException;
import io.sparkdiffusion.util.Sha256;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * Reads the images that planned images start from. The last one is kept: images of one row, and
 * often all of a run, start from the same. Not thread-safe.
 */
public final class StartReader {

  private final InitImageFiles files;
  private Optional<Known> last = Optional.empty();

  private record Wanted(String sha256, String fit, int width, int height) {}

  @SuppressWarnings("ArrayRecordComponent") // Borrowed; nobody compares them.
  private record Known(Wanted wanted, byte[] rgb) {}

  StartReader(Configuration hadoop) {
    this.files = InitImageFiles.ofWorkingFolder(hadoop);
  }

  /**
   * The pixels that an image starts from.
   *
   * @return height x width x 3 bytes, of the size that is asked for
   * @throws UnusableInitImageException where there are none, with the reason
   */
  byte[] rgb(PlannedImage planned, Start.FromImage start) throws UnusableInitImageException {
    ImageRequest request = planned.request();
    Wanted wanted =
        new Wanted(start.sha256(), start.fit(), request.widthPixels(), request.heightPixels());
    if (last.isEmpty() || !last.get().wanted().equals(wanted)) {
      last = Optional.of(new Known(wanted, fitted(planned, wanted)));
    }
    return last.get().rgb();
  }

  private byte[] fitted(PlannedImage planned, Wanted wanted) throws UnusableInitImageException {
    byte[] file = bytes(planned, wanted.sha256());
    return fitted(file, wanted.fit(), wanted.width(), wanted.height());
  }

  private byte[] bytes(PlannedImage planned, String sha256) throws UnusableInitImageException {
    String path = planned.request().values().get(Parameters.INIT_IMAGE);
    if (path.isEmpty() && planned.inRow().isEmpty()) {
      throw new UnusableInitImageException(
          "its row must be found when the table is read again", "not found");
    }
    byte[] bytes = planned.inRow().isPresent() ? planned.inRow().get() : files.read(path);
    String hash = Sha256.of(bytes);
    if (!hash.equals(sha256)) {
      throw new UnusableInitImageException(
          "it must not change while a run goes on", "another hash: " + path);
    }
    return bytes;
  }

  /**
   * The pixels of a file in the size that is asked for.
   *
   * @param fit of {@link io.sparkdiffusion.request.InitImageFit}
   * @return height x width x 3 bytes
   * @throws UnusableInitImageException where it has none, or another size that must not be
   */
  public static byte[] fitted(byte[] file, String fit, int widthPixels, int heightPixels)
      throws UnusableInitImageException {
    try {
      RgbImage image = SparkImage.isOne(file) ? SparkImage.read(file) : ImageFiles.read(file);
      return ImageFit.valueOf(fit.toUpperCase(Locale.ROOT))
          .fitted(image, widthPixels, heightPixels)
          .rgb();
    } catch (UnreadableImageException e) {
      throw new UnusableInitImageException(e);
    }
  }
}
