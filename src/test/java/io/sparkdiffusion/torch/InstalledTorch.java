package io.sparkdiffusion.torch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/** What pip leaves of a PyTorch, as files without content. */
final class InstalledTorch {

  private InstalledTorch() {}

  /** A site-packages folder with PyTorch alone. */
  static Path in(Path packages, String version) {
    write(packages.resolve("torch/version.py"), "debug = False\n__version__ = '" + version + "'\n");
    write(packages.resolve("torch/lib/libtorch.so"), "");
    return packages;
  }

  /** The same with NVIDIA's wheels beside it, but for one. */
  static Path withCuda(Path packages, String version, CudaLibrary... without) {
    in(packages, version);
    Stream.of(CudaLibrary.values())
        .filter(library -> !Arrays.asList(without).contains(library))
        .forEach(
            library ->
                write(packages.resolve("nvidia/" + library + "/lib/" + library.fileName()), ""));
    return packages;
  }

  static Path write(Path file, String text) {
    try {
      Files.createDirectories(file.getParent());
      return Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
