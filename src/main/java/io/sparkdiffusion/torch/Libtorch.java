package io.sparkdiffusion.torch;

import com.sun.jna.NativeLibrary;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which libtorch this JVM has.
 *
 * @param version such as {@code 2.7.1}
 * @param flavor {@code cpu}, {@code cu126}, {@code cu128}
 * @param folder where it is, empty for the one in the job's jar
 */
public record Libtorch(String version, String flavor, Optional<String> folder) {

  static final String SETTING = "libtorch_path";

  // What DJL reads, in the environment before the system's properties (ai.djl.util.Utils).
  static final String LIBRARY_PATH = "PYTORCH_LIBRARY_PATH";
  private static final String VERSION = "PYTORCH_VERSION";
  private static final String FLAVOR = "PYTORCH_FLAVOR";

  /** The one in the job's jar. */
  static Libtorch ofJob() {
    return new Libtorch(JobJni.libtorchVersion(), "cpu", Optional.empty());
  }

  boolean isCuda() {
    return flavor.startsWith("cu");
  }

  /**
   * Chooses one and tells DJL, which must not have been touched before.
   *
   * @param path the setting {@code libtorch_path}, may be empty
   * @param environment of this process
   * @throws UnusableLibtorchException with everything that is wrong
   */
  static Libtorch choose(String path, Map<String, String> environment) {
    String inherited = environment.getOrDefault(LIBRARY_PATH, "");
    Optional<LibtorchFolder> folder =
        !path.isEmpty()
            ? Optional.of(LibtorchFolder.find(SETTING, path))
            : Optional.of(inherited.isEmpty() ? System.getProperty(LIBRARY_PATH, "") : inherited)
                .filter(named -> !named.isEmpty())
                .map(named -> LibtorchFolder.find(LIBRARY_PATH, named));
    Libtorch chosen =
        folder
            .map(f -> new Libtorch(f.version(), f.flavor(), Optional.of(f.named())))
            .orElseGet(Libtorch::ofJob);
    List<String> problems = new ArrayList<>();
    folder.ifPresent(f -> heeds(f, inherited).ifPresent(problems::add));
    chosen.requireEnvironment(environment, problems);
    if (!problems.isEmpty()) {
      throw new UnusableLibtorchException(problems);
    }
    folder.ifPresent(chosen::tellDjl);
    return chosen;
  }

  /** DJL reads its environment first, and needs the innermost folder there. */
  private static Optional<String> heeds(LibtorchFolder folder, String inherited) {
    if (inherited.isEmpty() || inherited.equals(folder.lib().toString())) {
      return Optional.empty();
    }
    return Optional.of(
        folder.named().equals(inherited)
            ? "Cannot use %s=%s: in the environment it must be the folder of libtorch.so itself; set it to %s, or unset it and give %s=%s"
                .formatted(LIBRARY_PATH, inherited, folder.lib(), SETTING, inherited)
            : "Cannot use %s=%s: %s in the environment must be unset or the same, since it is read first (%s; here it would be %s)"
                .formatted(SETTING, folder.named(), LIBRARY_PATH, inherited, folder.lib()));
  }

  private void requireEnvironment(Map<String, String> environment, List<String> problems) {
    require(environment, VERSION, version, problems);
    if (folder.isPresent()) {
      require(environment, FLAVOR, JobJni.flavorFor(flavor), problems);
    }
  }

  private static void require(
      Map<String, String> environment, String name, String needed, List<String> problems) {
    String given = environment.getOrDefault(name, "");
    if (!given.isEmpty() && !given.equals(needed)) {
      problems.add(
          "Cannot start libtorch: %s in the environment must be unset or %s (%s)"
              .formatted(name, needed, given));
    }
  }

  private void tellDjl(LibtorchFolder folder) {
    System.setProperty(LIBRARY_PATH, folder.lib().toString());
    System.setProperty(VERSION, folder.version());
    System.setProperty(FLAVOR, JobJni.flavorFor(folder.flavor()));
    if (folder.isCuda()) {
      tellDjlOfCuda(folder.lib());
    }
  }

  /** Only a driver that has GPUs is asked by CUDA. */
  private void tellDjlOfCuda(Path lib) {
    Optional<String> visible = Optional.ofNullable(System.getenv("CUDA_VISIBLE_DEVICES"));
    if (!GpuReasons.of(this, CudaDriver.find(), visible).isEmpty()) {
      NativeLoader.use();
      return;
    }
    // By this name DJL asks JNA for the runtime that it counts GPUs with.
    CudaLibrary.folders(lib).stream()
        .filter(folder -> CudaLibrary.RUNTIME.isIn(List.of(folder)))
        .forEach(folder -> NativeLibrary.addSearchPath("cudart", folder.toString()));
  }

  /** {@code libtorch 2.7.1+cu126 of ./gpu-env}. */
  @Override
  public String toString() {
    return "libtorch %s+%s of %s".formatted(version, flavor, folder.orElse("the job's jar"));
  }
}
