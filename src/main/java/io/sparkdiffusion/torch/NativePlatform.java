package io.sparkdiffusion.torch;

import ai.djl.util.ClassLoaderUtils;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;

/**
 * The kind of machine that a native library is built for.
 *
 * @param classifier as Maven and DJL call it, such as {@code linux-x86_64}
 */
record NativePlatform(String classifier) {

  /** Those that DJL publishes libtorch for and that the job knows; docs/platforms.md says more. */
  private static final List<String> KNOWN = List.of("linux-x86_64", "linux-aarch64", "osx-aarch64");

  private static final Map<String, String> SYSTEMS = Map.of("linux", "linux", "mac os x", "osx");
  private static final Map<String, String> PROCESSORS = Map.of("amd64", "x86_64");

  private static final String NATIVES = "native/lib/pytorch.properties";
  private static final String ARTIFACT = "pytorch-native-cpu";
  private static final String CENTRAL = "https://repo1.maven.org/maven2/ai/djl/pytorch/";

  /** The one that this JVM runs on. */
  static NativePlatform ofThisMachine() {
    return of(System.getProperty("os.name"), System.getProperty("os.arch"));
  }

  /** Of what Java says of the operating system and the processor. */
  static NativePlatform of(String system, String processor) {
    String lower = system.toLowerCase(Locale.ROOT);
    return new NativePlatform(
        SYSTEMS.getOrDefault(lower, lower.replaceAll("\\s.*", ""))
            + "-"
            + PROCESSORS.getOrDefault(processor, processor));
  }

  /** Whether oneDNN's private operators are there and known to compute what they should. */
  boolean hasOneDnn() {
    return classifier.endsWith("-x86_64");
  }

  /**
   * Why the libtorch on the class path cannot be used here, with the fix; empty where it can.
   *
   * @param present the machines whose libtorch is on the class path
   * @param version of libtorch, such as {@code 2.7.1}
   */
  Optional<String> problem(List<String> present, String version) {
    if (!KNOWN.contains(classifier)) {
      return Optional.of(
          "Cannot start libtorch: the machine must be one of %s (%s)"
              .formatted(String.join(", ", KNOWN), classifier));
    }
    if (!present.contains(classifier)) {
      return Optional.of(
          ("Cannot start libtorch: its natives for %s must be on the class path (%s); add"
                  + " ai.djl.pytorch:%s:%s with that classifier, for instance by --jars %s")
              .formatted(
                  classifier,
                  present.isEmpty() ? "none are there" : "those for " + String.join(", ", present),
                  ARTIFACT,
                  version,
                  address(version)));
    }
    return Optional.empty();
  }

  private String address(String version) {
    return "%s%s/%s/%2$s-%3$s-%s.jar".formatted(CENTRAL, ARTIFACT, version, classifier);
  }

  /**
   * The machines whose libtorch is on the class path, where DJL looks; a jar may be there twice.
   */
  static List<String> present() {
    Set<String> present = new LinkedHashSet<>();
    try {
      for (URL url :
          Collections.list(ClassLoaderUtils.getContextClassLoader().getResources(NATIVES))) {
        Properties properties = new Properties();
        try (InputStream in = url.openStream()) {
          properties.load(in);
        }
        present.add(properties.getProperty("classifier", "any"));
      }
    } catch (IOException e) {
      throw new UnusableLibtorchException(
          List.of("Cannot find libtorch: %s must be readable (%s)".formatted(NATIVES, e)), e);
    }
    return List.copyOf(present);
  }
}
