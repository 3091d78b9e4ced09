package io.sparkdiffusion.config;

import java.io.Serializable;

/**
 * What is written, and where.
 *
 * @param directory any path that Hadoop can write to
 * @param table the catalog table that takes the rows, empty where the folder does
 * @param commitGroupImages how many images appear in the output together, at least
 * @param commit how those images appear together
 * @param pngParameters whether PNG files carry the generation parameters
 * @param pngAiMark whether PNG files carry the machine-readable mark of AI images
 * @param gallery whether a page shows the images
 */
public record OutputConfig(
    String directory,
    String table,
    OutputFormat format,
    Overwrite overwrite,
    FailureLimit maxFailedRows,
    int commitGroupImages,
    OutputCommit commit,
    boolean pngParameters,
    boolean pngAiMark,
    boolean gallery)
    implements Serializable {

  /** Checks the values. */
  public OutputConfig {
    Problems problems = new Problems();
    problems.require(!directory.isBlank(), "output_dir", "it must name a folder", "blank");
    problems.require(
        table.isEmpty() || !table.isBlank(), "output_table", "it must name a table", "blank");
    problems.require(
        commitGroupImages >= 1, "commit_group_images", "it must be 1 or more", commitGroupImages);
    problems.throwIfAny();
  }
}
