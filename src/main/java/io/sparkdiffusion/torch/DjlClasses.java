package io.sparkdiffusion.torch;

import ai.djl.engine.Engine;
import ai.djl.pytorch.engine.PtEngine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * DJL's classes as this JVM finds them. Their native library calls them by name, so that they
 * cannot have another one in the job's jar, and a cluster that brings DJL itself has its own first.
 */
final class DjlClasses {

  private static final String BUILT = "/io/sparkdiffusion/build.properties";
  private static final String VERSION = "djl_version";

  private DjlClasses() {}

  /** Why they cannot be used, with the fix; empty where they are those that this was built with. */
  static Optional<String> problem() {
    String built = property(DjlClasses.class.getResource(BUILT), "djl");
    return Stream.of(
            Engine.class.getResource("api.properties"),
            PtEngine.class.getResource("/pytorch-engine.properties"))
        .flatMap(found -> problem(built, found).stream())
        .findFirst();
  }

  /**
   * What is wrong with a part of DJL.
   *
   * @param built the version that this was built with
   * @param found the properties beside the part's classes
   */
  static Optional<String> problem(String built, URL found) {
    String version = property(found, VERSION);
    if (version.equals(built)) {
      return Optional.empty();
    }
    return Optional.of(
        ("Cannot start libtorch: DJL on the class path must be %s (%s, %s comes first); remove that,"
                + " or start with --conf spark.executor.userClassPathFirst=true, where the master is"
                + " local with --conf spark.driver.userClassPathFirst=true")
            .formatted(built, version, place(found)));
  }

  /** The jar or folder, without what is in it. */
  static String place(URL found) {
    return found.toString().replaceFirst("^(jar:)?file:", "").replaceFirst("!.*", "");
  }

  private static String property(URL file, String key) {
    Properties properties = new Properties();
    try (InputStream in = file.openStream()) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read %s: the jar is damaged".formatted(file), e);
    }
    return properties.getProperty(key, "unknown");
  }
}
