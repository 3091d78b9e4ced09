package io.sparkdiffusion.torch;

import ai.djl.util.ClassLoaderUtils;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/**
 * The bridge between DJL and libtorch that the job's jar brings. It is compiled for one version of
 * libtorch, whose C++ interface has no other: over another the JVM ends by a signal.
 */
final class JobJni {

  private static final String ITS_PROPERTIES = "jnilib/pytorch.properties";
  private static final String DJL_PROPERTIES = "pytorch-engine.properties";

  /** The flavors of libtorch that it is known to work with, and its own for each. */
  private static final List<String> CUDA_FLAVORS = List.of("cu126", "cu128");

  private JobJni() {}

  /** The version of libtorch that it needs, such as {@code 2.7.1}. */
  static String libtorchVersion() {
    String version = property(ITS_PROPERTIES, "jni_version");
    return version.substring(0, version.indexOf('-'));
  }

  /** DJL's version; DJL itself must not be asked before it knows where CUDA is. */
  static String djlVersion() {
    return property(DJL_PROPERTIES, "djl_version");
  }

  private static String property(String file, String key) {
    Properties properties = new Properties();
    try (InputStream in = resource(file)) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty(key);
  }

  static List<String> flavors() {
    return List.of("cpu", CUDA_FLAVORS.get(0), CUDA_FLAVORS.get(1));
  }

  /** Which of the two bridges goes with a libtorch: CUDA keeps its interface from 12.6 to 12.8. */
  static String flavorFor(String libtorchFlavor) {
    return CUDA_FLAVORS.contains(libtorchFlavor) ? "cu128" : "cpu";
  }

  /** Whether a file is the bridge itself, which DJL has put beside a libtorch. */
  static boolean isThisOne(Path file, String libtorchFlavor) {
    String name = "jnilib/linux-x86_64/%s/libdjl_torch.so".formatted(flavorFor(libtorchFlavor));
    try (InputStream in = resource(name)) {
      return Arrays.equals(in.readAllBytes(), Files.readAllBytes(file));
    } catch (IOException e) {
      return false;
    }
  }

  private static InputStream resource(String name) throws IOException {
    return ClassLoaderUtils.getResource(name).openStream();
  }
}
