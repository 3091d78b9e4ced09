package io.sparkdiffusion.spark.output;

import io.sparkdiffusion.config.OutputFormat;
import io.sparkdiffusion.image.PngName;
import io.sparkdiffusion.request.ImageRequest;
import java.io.Serializable;

/**
 * Where and how images are kept.
 *
 * @param outputFolder the run's output folder
 * @param stagingFolder the run's own folder for unfinished files, on the same file system
 * @param naming how PNG files are called
 * @param pngParameters whether PNG files carry the generation parameters
 * @param pngAiMark whether PNG files carry the machine-readable mark of AI images
 * @param hold without which nothing is kept
 */
public record ImageStore(
    String outputFolder,
    String stagingFolder,
    OutputFormat format,
    Naming naming,
    boolean pngParameters,
    boolean pngAiMark,
    OutputHold hold)
    implements Serializable {

  /** Images in rows alone, for programs that take them from there. */
  public static ImageStore inRows(boolean pngParameters, boolean pngAiMark) {
    return new ImageStore(
        "",
        "",
        OutputFormat.PARQUET,
        Naming.BY_REQUEST,
        pngParameters,
        pngAiMark,
        OutputHold.UNSHARED);
  }

  /** How PNG files are called. */
  public enum Naming {
    /** {@code images/<encoded id>_<index>_<first 8 of the request hash>.png}. */
    BY_REQUEST("images/"),
    /** {@code image_<index>.png}, for the single prompt of the command line. */
    NUMBERED("");

    private final String folder;

    Naming(String folder) {
      this.folder = folder;
    }

    /** Where such files lie in the output folder; empty or with a slash at its end. */
    public String folder() {
      return folder;
    }

    /** Whether a file of that folder is called so. */
    public boolean matches(String fileName) {
      return switch (this) {
        case BY_REQUEST -> PngName.isOfRequest(fileName);
        case NUMBERED -> PngName.isNumbered(fileName);
      };
    }
  }

  /**
   * Where tasks put PNG files. A name that only one request has is final at once. What {@code
   * image_0.png} shows is said by the newest rows, so it gets its name when those are committed.
   */
  public String writtenFolder() {
    return switch (naming) {
      case BY_REQUEST -> outputFolder + "/" + naming.folder();
      case NUMBERED -> numberedFolder(stagingFolder);
    };
  }

  /** Where numbered PNG files wait for their group to be committed. */
  public static String numberedFolder(String stagingFolder) {
    return stagingFolder + "/numbered";
  }

  public String fileName(ImageRequest request, String requestHash) {
    return switch (naming) {
      case BY_REQUEST -> PngName.of(request.id(), request.imageIndex(), requestHash);
      case NUMBERED -> PngName.numbered(request.imageIndex());
    };
  }
}
