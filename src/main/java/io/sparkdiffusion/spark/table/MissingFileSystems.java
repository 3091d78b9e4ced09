package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.LoraConfig;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.request.InputImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.util.VersionInfo;

/** Names what brings the file systems that Hadoop knows by name and Spark does not come with. */
public final class MissingFileSystems {

  private static final String HADOOP = "org.apache.hadoop:%s:" + VersionInfo.getVersion();
  private static final String AZURE = added(HADOOP.formatted("hadoop-azure"));

  private static final Map<String, String> FIXES =
      Map.of(
          "s3a",
          added(HADOOP.formatted("hadoop-aws")),
          "s3",
          "write s3a:// outside of Amazon's own services",
          "abfs",
          AZURE,
          "abfss",
          AZURE,
          "gs",
          added("com.google.cloud.bigdataoss:gcs-connector:hadoop3-2.2.26"));

  private MissingFileSystems() {}

  private static String added(String packages) {
    return "add it with -- --packages " + packages;
  }

  /**
   * Makes sure that the paths of a configuration can be reached.
   *
   * @throws ProblemsException with every path whose file system is missing
   */
  public static void refuse(JobConfig config, Configuration hadoop) {
    List<Named> paths = new ArrayList<>(ofModel(config.model(), "pretrained_model_name_or_path"));
    if (config.input() instanceof InputConfig.Table table) {
      paths.add(new Named("prompts", table.location()));
    }
    paths.add(new Named("output_dir", config.output().directory()));
    for (InputImage input : InputImage.values()) {
      paths.add(new Named(input.path().name(), config.sampling().get(input.path())));
    }
    refuse(paths, hadoop);
  }

  /**
   * The same for a model and its LoRAs, embeddings and ControlNets.
   *
   * @param key what names the model
   */
  public static void refuse(ModelConfig model, String key, Configuration hadoop) {
    refuse(ofModel(model, key), hadoop);
  }

  /**
   * The same for one path.
   *
   * @param key what names it
   */
  public static void refuse(String key, String path, Configuration hadoop) {
    refuse(List.of(new Named(key, path)), hadoop);
  }

  /** The same for LoRAs alone. */
  public static void refuse(LoraConfig loras, Configuration hadoop) {
    refuse(ofLoras(loras).toList(), hadoop);
  }

  /** The same for a model's LoRAs, embeddings and ControlNets, without itself. */
  public static void refuseAdditions(ModelConfig model, Configuration hadoop) {
    refuse(additions(model).toList(), hadoop);
  }

  /**
   * A path.
   *
   * @param key what names it
   */
  private record Named(String key, String path) {}

  private static List<Named> ofModel(ModelConfig model, String key) {
    return Stream.concat(Stream.of(new Named(key, model.folder())), additions(model)).toList();
  }

  private static Stream<Named> additions(ModelConfig model) {
    return Stream.of(
            ofLoras(model.loras()),
            model.embeddings().all().stream().map(one -> new Named("embeddings", one.path())),
            model.controlNets().all().stream().map(one -> new Named("controlnets", one.path())))
        .flatMap(named -> named);
  }

  private static Stream<Named> ofLoras(LoraConfig loras) {
    return loras.all().stream().map(lora -> new Named("loras", lora.path()));
  }

  private static void refuse(List<Named> paths, Configuration hadoop) {
    List<String> problems =
        paths.stream()
            .flatMap(path -> problem(path.key(), path.path(), hadoop).stream())
            .distinct()
            .toList();
    if (!problems.isEmpty()) {
      throw new ProblemsException(problems);
    }
  }

  private static Optional<String> problem(String key, String path, Configuration hadoop) {
    return fix(path, hadoop)
        .map(
            fix ->
                "Cannot use %s %s: %s (%s)".formatted(key, withoutUser(path), fix, scheme(path)));
  }

  /** The rule that a path breaks whose file system is missing, with what to do. */
  static Optional<String> fix(String path, Configuration hadoop) {
    return Optional.ofNullable(FIXES.get(scheme(path)))
        .filter(fix -> !isThere(scheme(path), hadoop))
        .map(fix -> "Spark must have the file system, " + fix);
  }

  private static String scheme(String path) {
    return path.contains(":/") ? path.substring(0, path.indexOf(':')) : "";
  }

  private static boolean isThere(String scheme, Configuration hadoop) {
    try {
      return FileSystem.getFileSystemClass(scheme, hadoop) != null;
    } catch (IOException | RuntimeException | NoClassDefFoundError e) {
      return false; // no class is named for the scheme, or that class or one it needs is missing
    }
  }

  /** Some write keys into the path. */
  private static String withoutUser(String path) {
    return path.replaceFirst("//[^/]*@", "//");
  }
}
