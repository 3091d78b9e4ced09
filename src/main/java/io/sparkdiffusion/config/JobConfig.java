package io.sparkdiffusion.config;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;

/**
 * All settings of a run.
 *
 * @param runName names the run and its default output folder
 */
public record JobConfig(
    String runName,
    ModelConfig model,
    SamplingConfig sampling,
    InputConfig input,
    OutputConfig output,
    ExecutionConfig execution)
    implements Serializable {

  /**
   * Reads a YAML file and puts {@code key=value} overrides over it. Relative paths in either stay
   * as they are: they count from the working directory, not from the file's folder.
   *
   * @throws ProblemsException with every problem found
   */
  public static JobConfig load(Path yaml, List<String> overrides) {
    throw new UnsupportedOperationException(yaml + " " + overrides.size());
  }

  /**
   * Reads overrides that the launcher left in a file, UTF-8, one NUL character after each, so that
   * they stay off the process list.
   */
  public static List<String> readOverrides(Path file) {
    throw new UnsupportedOperationException(file.toString());
  }

  /** Every setting with the value that counts, sorted; texts and tokens as {@code (set)}. */
  public SortedMap<String, String> effective() {
    throw new UnsupportedOperationException();
  }
}
