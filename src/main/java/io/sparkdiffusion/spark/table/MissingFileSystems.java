package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    Map<String, String> paths = new LinkedHashMap<>();
    paths.put("pretrained_model_name_or_path", config.model().folder());
    if (config.input() instanceof InputConfig.Table table) {
      paths.put("prompts", table.location());
    }
    paths.put("output_dir", config.output().directory());
    refuse(paths, hadoop);
  }

  /**
   * The same for some paths.
   *
   * @param paths by what names them
   */
  public static void refuse(Map<String, String> paths, Configuration hadoop) {
    List<String> problems =
        paths.entrySet().stream()
            .flatMap(path -> problem(path.getKey(), path.getValue(), hadoop).stream())
            .toList();
    if (!problems.isEmpty()) {
      throw new ProblemsException(problems);
    }
  }

  private static Optional<String> problem(String key, String path, Configuration hadoop) {
    String scheme = path.contains(":/") ? path.substring(0, path.indexOf(':')) : "";
    return Optional.ofNullable(FIXES.get(scheme))
        .filter(fix -> !isThere(scheme, hadoop))
        .map(
            fix ->
                "Cannot use %s %s: Spark must have the file system, %s (%s)"
                    .formatted(key, withoutUser(path), fix, scheme));
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
