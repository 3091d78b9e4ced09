package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.testing.CountedFileSystem;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;

/** A JVM of its own that fetches a model: it says so, and then where the copy is. */
final class FetchingProcess {

  private FetchingProcess() {}

  static Process start(ModelLocation<ModelFolder> location, Path log) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            FetchingProcess.class.getName(),
            location.path(),
            location.cacheDirectory(),
            log.toString());
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  public static void main(String[] arguments) {
    Configuration hadoop = new Configuration();
    CountedFileSystem.register(hadoop, Path.of(arguments[2]));
    System.out.println("fetching");
    System.out.println(
        new ModelLocation<>(FolderKind.MODEL, arguments[0], WeightChoice.USUAL, arguments[1])
            .open(hadoop)
            .root());
  }
}
