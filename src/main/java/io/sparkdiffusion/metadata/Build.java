package io.sparkdiffusion.metadata;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The versions that this jar was built with. */
public final class Build {

  private static final Properties PROPERTIES = load();

  private Build() {}

  /** All of them, with the running JVM's. */
  public static Provenance.Versions versions() {
    return new Provenance.Versions(
        PROPERTIES.getProperty("spark-diffusion"),
        RequestHash.IMAGE_VERSION,
        PROPERTIES.getProperty("djl"),
        PROPERTIES.getProperty("libtorch"),
        System.getProperty("java.version"));
  }

  /** The line of Scala, as 2.12, whose Spark this jar is for. */
  public static String scala() {
    return PROPERTIES.getProperty("scala");
  }

  private static Properties load() {
    Properties properties = new Properties();
    try (InputStream in = Build.class.getResourceAsStream("/io/sparkdiffusion/build.properties")) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read build.properties: the jar is damaged", e);
    }
    return properties;
  }
}
