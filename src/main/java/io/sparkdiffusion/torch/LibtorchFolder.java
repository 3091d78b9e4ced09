package io.sparkdiffusion.torch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The libtorch of a PyTorch that somebody has installed. It is checked as files, before anything of
 * it is loaded: what does not fit ends the JVM by a signal.
 *
 * @param named what the user has named: a virtual environment, a site-packages folder, torch/lib
 * @param lib the folder that holds libtorch.so
 * @param version such as {@code 2.7.1}
 * @param flavor {@code cpu}, {@code cu126}, {@code cu128}
 */
record LibtorchFolder(String named, Path lib, String version, String flavor) {

  private static final String LIBTORCH = "libtorch.so";

  /** Where libtorch.so can be below what is named. */
  private static final List<String> BELOW =
      List.of(
          "",
          "lib",
          "torch/lib",
          "lib/python3*/site-packages/torch/lib",
          "lib64/python3*/site-packages/torch/lib",
          "lib/python3*/dist-packages/torch/lib");

  private static final Pattern PYTHON_VERSION =
      Pattern.compile("(?m)^__version__\\s*=\\s*['\"]([^'\"]+)['\"]");

  /**
   * Finds and checks it.
   *
   * @param setting what named it, {@code libtorch_path} or {@code PYTORCH_LIBRARY_PATH}
   * @throws UnusableLibtorchException with everything that is wrong
   */
  static LibtorchFolder find(String setting, String named) {
    String subject = "Cannot use %s=%s: ".formatted(setting, named);
    Path lib = lib(subject, named);
    String[] version = version(lib).orElse("unknown").split("\\+", 2);
    LibtorchFolder found =
        new LibtorchFolder(named, lib, version[0], version.length > 1 ? version[1] : "unknown");
    List<String> problems = found.problems().map(subject::concat).toList();
    if (!problems.isEmpty()) {
      throw new UnusableLibtorchException(problems);
    }
    return found;
  }

  boolean isCuda() {
    return flavor.startsWith("cu");
  }

  private static Path lib(String subject, String named) {
    Path root = Path.of(named);
    if (!Files.isDirectory(root)) {
      throw unusable(
          subject,
          "it must be a folder on every executor (there is none, from working directory %s)",
          Path.of("").toAbsolutePath());
    }
    Collection<Path> found =
        BELOW.stream()
            .flatMap(below -> matching(root, below))
            .collect(
                Collectors.toMap(
                    LibtorchFolder::realPath, Function.identity(), (a, b) -> a, LinkedHashMap::new))
            .values();
    if (found.isEmpty()) {
      throw unusable(
          subject,
          "it must be a virtual environment, a folder that pip has installed into, or torch/lib"
              + " (it has no torch/lib/%s); jobs/gpu-env makes one",
          LIBTORCH);
    }
    if (found.size() > 1) {
      throw unusable(
          subject,
          "it must hold one libtorch (%s); name one of them",
          found.stream().map(Path::toString).collect(Collectors.joining(", ")));
    }
    return found.iterator().next().toAbsolutePath().normalize();
  }

  /** A virtual environment's lib64 is a link to its lib. */
  private static Path realPath(Path folder) {
    try {
      return folder.toRealPath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the user has named may have percent signs in it. */
  private static UnusableLibtorchException unusable(String subject, String rule, Object value) {
    return new UnusableLibtorchException(List.of(subject + rule.formatted(value)));
  }

  private static Stream<Path> matching(Path root, String below) {
    int star = below.indexOf("/python3*");
    if (star < 0) {
      return Stream.of(root.resolve(below)).filter(LibtorchFolder::holdsLibtorch);
    }
    Path parent = root.resolve(below.substring(0, star));
    String rest = below.substring(star + "/python3*/".length());
    if (!Files.isDirectory(parent)) {
      return Stream.empty();
    }
    try (DirectoryStream<Path> pythons = Files.newDirectoryStream(parent, "python3*")) {
      List<Path> all = new ArrayList<>();
      pythons.forEach(python -> all.add(python.resolve(rest)));
      return all.stream().filter(LibtorchFolder::holdsLibtorch);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean holdsLibtorch(Path folder) {
    return Files.isRegularFile(folder.resolve(LIBTORCH));
  }

  /** As torch/version.py says it, or the file that PyTorch's archive without Python has. */
  private static Optional<String> version(Path lib) {
    Path torch = lib.resolve("..").normalize();
    try {
      Path python = torch.resolve("version.py");
      if (Files.isRegularFile(python)) {
        Matcher version = PYTHON_VERSION.matcher(Files.readString(python));
        return version.find() ? Optional.of(version.group(1)) : Optional.empty();
      }
      Path archive = torch.resolve("build-version");
      return Files.isRegularFile(archive)
          ? Files.readString(archive).lines().findFirst().map(String::strip)
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // then it is said to be unknown
    }
  }

  private Stream<String> problems() {
    return Stream.of(versionProblem(), flavorProblem(), runtimeProblem(), jniProblem())
        .flatMap(Optional::stream);
  }

  private Optional<String> versionProblem() {
    String needed = JobJni.libtorchVersion();
    return version.equals(needed)
        ? Optional.empty()
        : Optional.of(
            ("its version must be %s, for which the job is built and beside which the JVM would end"
                    + " (%s by %s); pip install torch==%s, or jobs/gpu-env")
                .formatted(needed, version, lib.resolve("../version.py").normalize(), needed));
  }

  private Optional<String> flavorProblem() {
    return JobJni.flavors().contains(flavor)
        ? Optional.empty()
        : Optional.of(
            "its build must be one of %s of PyTorch's own (%s)"
                .formatted(String.join(", ", JobJni.flavors()), flavor));
  }

  private Optional<String> runtimeProblem() {
    if (!isCuda()) {
      return Optional.empty();
    }
    List<CudaLibrary> missing = CudaLibrary.missing(lib);
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "the CUDA libraries that it needs must lie beside it, as pip puts them (missing: %s);"
                    .formatted(
                        missing.stream().map(CudaLibrary::told).collect(Collectors.joining(", ")))
                + " install the packages there, or make the folder anew by jobs/gpu-env");
  }

  /** DJL takes a bridge that lies beside libtorch, whatever it was built for. */
  private Optional<String> jniProblem() {
    List<Path> others =
        Stream.of("libdjl_torch.so", JobJni.djlVersion() + "-libdjl_torch.so")
            .map(lib::resolve)
            .filter(Files::exists)
            .filter(file -> !JobJni.isThisOne(file, flavor))
            .toList();
    return others.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "a libdjl_torch.so beside it must be the job's own, since another ends the JVM (%s);"
                    .formatted(
                        others.stream().map(Path::toString).collect(Collectors.joining(", ")))
                + " remove it");
  }
}
