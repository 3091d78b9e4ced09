package io.sparkdiffusion.cli;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;

/**
 * What stands in the place of the configuration file. It may be a prompt or a setting, so what does
 * not look like a file is never shown.
 */
public final class ConfigArgument {

  private static final Path CONFIGS = Path.of("configs");
  private static final String RULE =
      "Cannot read CONFIG: the first argument must be a file such as configs/tiny.yml, settings come"
          + " after it%s (%s)";

  private final String given;

  public ConfigArgument(String given) {
    this.given = given;
  }

  /**
   * Loads the file with overrides over it.
   *
   * @throws ProblemsException with every problem found
   */
  public JobConfig load(List<String> overrides) {
    if (RemoteConfig.isAddress(given)) {
      return JobConfig.parse(RemoteConfig.read(given, new SparkConf()), given, overrides);
    }
    return JobConfig.load(file(), overrides);
  }

  private Path file() {
    Path file = path();
    if (Files.isDirectory(file)) {
      throw refused(", as pretrained_model_name_or_path=MODEL", "a folder");
    }
    if (Files.exists(file)) {
      if (isTable()) {
        throw refused(", as prompts=TABLE", "a table");
      }
      return file;
    }
    Optional<String> alike = alike();
    if (alike.isPresent()) {
      throw refused(", did you mean " + alike.get() + "?", "missing");
    }
    if (isFileName() && YarnDriver.isOnCluster(new SparkConf())) {
      String name = file.getFileName().toString();
      throw refused(
          "; the cluster runs the driver, so send it along, --files %s, and name it %s, or give an"
                  .formatted(given, name)
              + " address that Hadoop reads",
          "missing");
    }
    if (isFileName()) {
      return file;
    }
    if (given.contains("=")) {
      throw refused("", "a setting");
    }
    throw given.matches("(?s).*\\s.*")
        ? refused(", as prompt=\"...\"", "a text")
        : refused("", "missing");
  }

  private Path path() {
    try {
      return Path.of(given);
    } catch (InvalidPathException e) {
      throw refused("", "a text");
    }
  }

  private boolean isFileName() {
    return !given.contains("=") && given.matches("(?i)\\S*/\\S*|[^\\n\\r]*\\.ya?ml");
  }

  private boolean isTable() {
    return given.toLowerCase(Locale.ROOT).matches("(?s).*\\.(csv|tsv|txt|parquet|jsonl?)");
  }

  /** A file of {@code configs/} that has the same name but for an ending or some letter. */
  private Optional<String> alike() {
    String stem = stem(Path.of(given));
    if (given.matches("(?s).*\\s.*") || stem.isEmpty() || !Files.isDirectory(CONFIGS)) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(CONFIGS)) {
      return files
          .filter(file -> file.toString().matches(".*\\.ya?ml"))
          .filter(file -> plain(stem(file)).equals(plain(stem)))
          .map(Path::toString)
          .sorted()
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static String stem(Path file) {
    Path name = file.getFileName();
    return name == null ? "" : name.toString().replaceFirst("\\.[^.]*$", "");
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
  }

  private static ProblemsException refused(String hint, String actual) {
    return new ProblemsException(RULE.formatted(hint, actual));
  }
}
