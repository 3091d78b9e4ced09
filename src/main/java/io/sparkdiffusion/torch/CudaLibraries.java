package io.sparkdiffusion.torch;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * NVIDIA's libraries that a process has loaded, asked for their versions; none is loaded for that.
 *
 * @param maps {@code /proc/self/maps}
 * @param module {@code /proc/driver/nvidia/version}
 */
record CudaLibraries(Path maps, Path module) {

  private static final Pattern DRIVER =
      Pattern.compile("Kernel Module.*?\\s(\\d+\\.\\d+(\\.\\d+)?)\\s");

  /** From this version on cuDNN has two digits more for its major one. */
  private static final long CUDNN_9 = 90_000;

  static CudaLibraries ofThisProcess() {
    return new CudaLibraries(Path.of("/proc/self/maps"), Path.of("/proc/driver/nvidia/version"));
  }

  /** The driver's own version, such as 550.54.14. */
  Optional<String> driver() {
    try {
      Matcher matcher = DRIVER.matcher(Files.readString(module));
      return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** The CUDA runtime's version, such as 12.6. */
  Optional<String> cuda() {
    return ask("libcudart", CudaLibraries::runtimeVersion);
  }

  private static Optional<String> runtimeVersion(NativeLibrary runtime) {
    int[] version = new int[1];
    int result = runtime.getFunction("cudaRuntimeGetVersion").invokeInt(new Object[] {version});
    return result == 0 ? Optional.of(CudaDriver.shown(version[0])) : Optional.empty();
  }

  /** cuDNN's version, such as 9.5.1. */
  Optional<String> cudnn() {
    return ask("libcudnn", CudaLibraries::cudnnVersion);
  }

  private static Optional<String> cudnnVersion(NativeLibrary cudnn) {
    long version = cudnn.getFunction("cudnnGetVersion").invokeLong(new Object[0]);
    long unit = version >= CUDNN_9 ? 10_000 : 1000;
    return Optional.of("%s.%s.%s".formatted(version / unit, version % unit / 100, version % 100));
  }

  private Optional<String> ask(String library, Function<NativeLibrary, Optional<String>> question) {
    try {
      return loaded(library).map(NativeLibrary::getInstance).flatMap(question);
    } catch (UnsatisfiedLinkError e) {
      return Optional.empty();
    }
  }

  /** Its file: {@code libcudart.so.12}, or {@code libcudart-8774224f.so.12} as packages have it. */
  private Optional<String> loaded(String library) {
    Pattern line = Pattern.compile(".*?\\s(/.*/" + library + "(-[0-9a-f]+)?\\.so[.0-9]*)");
    try (Stream<String> lines = Files.lines(maps)) {
      return lines
          .map(line::matcher)
          .filter(Matcher::matches)
          .map(matcher -> matcher.group(1))
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
