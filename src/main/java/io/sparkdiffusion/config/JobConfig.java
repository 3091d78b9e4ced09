package io.sparkdiffusion.config;

import io.sparkdiffusion.request.Values;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * All settings of a run.
 *
 * @param runName names the run and its default output folder
 * @param sampling what rows take where they have no value of their own
 * @param price what the reports count with
 */
public record JobConfig(
    String runName,
    ModelConfig model,
    Values sampling,
    InputConfig input,
    OutputConfig output,
    ExecutionConfig execution,
    DevicePrice price)
    implements Serializable {

  static final String RUN_NAME_RULE =
      "it must be 1 to 100 letters, digits, dots, dashes and underscores that begin with a letter"
          + " or digit";

  /** Checks the name; the parts have checked themselves. */
  public JobConfig {
    Problems problems = new Problems();
    problems.require(isRunName(runName), "run_name", RUN_NAME_RULE, runName);
    problems.throwIfAny();
  }

  static boolean isRunName(String name) {
    return name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");
  }

  /**
   * Reads a YAML file and puts {@code key=value} overrides over it. Relative paths in either stay
   * as they are: they count from the working directory, not from the file's folder.
   *
   * @throws ProblemsException with every problem found
   */
  public static JobConfig load(Path yaml, List<String> overrides) {
    return JobConfigLoader.load(yaml, overrides);
  }

  /** The same for a file that was read elsewhere, as on a cluster's file system. */
  public static JobConfig parse(String yaml, String name, List<String> overrides) {
    return JobConfigLoader.load(yaml, name, overrides);
  }

  /**
   * Reads overrides that the launcher left in a file, UTF-8, one NUL character after each, so that
   * they stay off the process list.
   */
  public static List<String> readOverrides(Path file) {
    try {
      String text = Files.readString(file);
      String body = text.endsWith("\0") ? text.substring(0, text.length() - 1) : text;
      return text.isEmpty() ? List.of() : List.of(body.split("\0", -1));
    } catch (IOException e) {
      throw new ProblemsException(
          "Cannot read overrides: the file must be readable UTF-8 (" + file + ")", e);
    }
  }

  /** What to do where an option is called like a setting, or as others call one. */
  public static Optional<String> adviceOn(String option) {
    return Aliases.of(option)
        .map(fix -> fix.matches("set \\w+") ? fix.replaceFirst("set ", "write ") + "=VALUE" : fix);
  }

  /** Those of {@link #effective()} that differ from their defaults. */
  public SortedMap<String, String> chosen() {
    return EffectiveSettings.chosen(this);
  }

  /** Every setting with the value that counts, sorted; texts and tokens as {@code (set)}. */
  public SortedMap<String, String> effective() {
    return EffectiveSettings.of(this);
  }
}
