package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.util.Utils;
import io.sparkdiffusion.testing.ChildJvm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A JVM starts one libtorch once, so each start has a JVM of its own. */
class TorchEngineTest {

  @TempDir private Path folder;

  @Test
  void computesWithTheLibtorchThatIsNamed() throws Exception {
    Path packages = installed();

    assertThat(started(Map.of(), packages.toString()))
        .contains(
            "libtorch 2.7.1+cpu of %s: [2], 0 GPUs".formatted(packages),
            "no GPU: libtorch 2.7.1+cpu of %s computes on CPUs only".formatted(packages));
  }

  /** As DJL reads it, without version and flavor being said. */
  @Test
  void takesTheOneOfTheEnvironment() throws Exception {
    Path lib = installed().resolve("torch/lib");

    assertThat(started(Map.of("PYTORCH_LIBRARY_PATH", lib.toString())))
        .contains("libtorch 2.7.1+cpu of %s: [2], 0 GPUs".formatted(lib));
  }

  /** DJL reads the environment before it is told anything, and looks nowhere else there. */
  @Test
  void refusesAnEnvironmentThatWouldWin() throws Exception {
    Path packages = installed();
    Path lib = packages.resolve("torch/lib");
    Map<String, String> outer =
        Map.of("PYTORCH_LIBRARY_PATH", packages.toString(), "PYTORCH_VERSION", "2.5.1");

    assertThat(started(outer))
        .contains(
            "Cannot use PYTORCH_LIBRARY_PATH=%s: in the environment it must be the folder of"
                    .formatted(packages)
                + " libtorch.so itself; set it to %s, or unset it and give libtorch_path=%s"
                    .formatted(lib, packages),
            "Cannot start libtorch: PYTORCH_VERSION in the environment must be unset or 2.7.1"
                + " (2.5.1)");
    Map<String, String> another = Map.of("PYTORCH_LIBRARY_PATH", "/usr/lib/torch");
    assertThat(started(another, packages.toString()))
        .contains(
            "Cannot use libtorch_path=%s: PYTORCH_LIBRARY_PATH in the environment must be unset or"
                    .formatted(packages)
                + " the same, since it is read first (%s; here it would be %s)"
                    .formatted("/usr/lib/torch", lib));
  }

  /** What the class could not be made of once is not known any more at the second call. */
  @Test
  void saysTwiceWhyItCannotStart() throws Exception {
    Path packages = InstalledTorch.in(folder, "2.7.1+cpu");

    List<String> lines = started(Map.of(), packages.toString());
    assertThat(lines).hasSize(2);
    assertThat(lines.get(0))
        .startsWith(
            "Cannot start libtorch 2.7.1+cpu of %s: its libraries must load (".formatted(packages))
        .contains("UnsatisfiedLinkError", "libtorch.so");
    assertThat(lines.get(1)).isEqualTo(lines.get(0) + " again");
  }

  @Test
  void saysWhatStandsBetweenADriverAndTheJobsOwnLibtorch() throws Exception {
    StubCuda.driver(12080, 1).in(folder);

    assertThat(started(Map.of("LD_LIBRARY_PATH", folder.toString())))
        .contains(
            "libtorch 2.7.1+cpu of the job's jar: [2], 0 GPUs",
            "no GPU: libtorch 2.7.1+cpu of the job's jar computes on CPUs only");
  }

  /** A machine of another kind, as Java calls it. */
  @Test
  void saysWhichNativesTheMachineNeeds() throws Exception {
    assertThat(startedWith(List.of("-Dos.arch=aarch64")))
        .isNotEmpty()
        .allMatch(
            line ->
                line.startsWith(
                    "Cannot start libtorch: its natives for linux-aarch64 must be on the class path"
                        + " (those for linux-x86_64); add ai.djl.pytorch:pytorch-native-cpu:2.7.1"));
    assertThat(startedWith(List.of("-Dos.arch=ppc64le")))
        .isNotEmpty()
        .allMatch(
            line ->
                line.equals(
                    "Cannot start libtorch: the machine must be one of linux-x86_64, linux-aarch64,"
                        + " osx-aarch64 (linux-ppc64le)"));
  }

  @Test
  void refusesASecondLibtorchInOneProcess() {
    TorchEngine.use("");
    String other = InstalledTorch.in(folder, "2.7.1+cpu").toString();

    assertThatThrownBy(() -> TorchEngine.use(other))
        .isInstanceOf(UnusableLibtorchException.class)
        .hasMessage(
            "Cannot use libtorch_path=%s: a process has one libtorch to its end (libtorch 2.7.1+cpu"
                    .formatted(other)
                + " of the job's jar); start the program, its session or its executors anew");
    assertThatThrownBy(() -> TorchEngine.use("./gpu-env"))
        .hasMessageContaining("it must be a folder on every executor");
  }

  /** The job's own libraries, laid out as pip does. */
  private Path installed() throws IOException {
    TorchEngine.start();
    Path packages = InstalledTorch.in(folder, "2.7.1+cpu");
    Path lib = packages.resolve("torch/lib");
    Files.delete(lib.resolve("libtorch.so"));
    Path unpacked = Utils.getEngineCacheDir("pytorch");
    try (Stream<Path> found = Files.find(unpacked, 2, (f, a) -> f.endsWith("libtorch.so"));
        Stream<Path> libraries = Files.list(found.findFirst().orElseThrow().getParent())) {
      for (Path library : libraries.toList()) {
        Files.createSymbolicLink(lib.resolve(library.getFileName()), library);
      }
    }
    return packages;
  }

  private static List<String> started(Map<String, String> environment, String... path)
      throws IOException, InterruptedException {
    ProcessBuilder child = ChildJvm.of(StartedTorch.class, List.of(), path);
    child.environment().putAll(environment);
    return printedBy(child);
  }

  private static List<String> startedWith(List<String> options)
      throws IOException, InterruptedException {
    return printedBy(ChildJvm.of(StartedTorch.class, options));
  }

  private static List<String> printedBy(ProcessBuilder child)
      throws IOException, InterruptedException {
    Process process = child.start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    return printed.lines().filter(line -> line.matches("(Cannot |libtorch |no GPU: ).*")).toList();
  }
}
