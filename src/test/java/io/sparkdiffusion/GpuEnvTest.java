package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.cli.ExitCode;
import io.sparkdiffusion.testing.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code jobs/gpu-env} beside a python3 that writes down what pip is asked for. */
class GpuEnvTest {

  private static final String PIP =
      """
      #!/bin/bash
      if [[ "$*" == *--version ]]; then exit ${PIP_VERSION_CODE:-0}; fi
      while [[ "$1" != --target ]]; do shift; done
      mkdir -p "$2/torch/lib"
      touch "$2/torch/lib/libtorch.so" "$2/torch/lib/libtorch_cuda_linalg.so"
      printf '%s\\n' "$@" > "$2/asked"
      exit ${PIP_CODE:-0}
      """;

  @TempDir private Path folder;
  private Path tools;

  /** Only these are found, python3 where a test makes it. */
  @BeforeEach
  void linkTools() throws IOException {
    tools = Files.createDirectory(folder.resolve("tools"));
    for (String tool : List.of("bash", "dirname", "df", "awk", "mktemp", "rm", "mv", "du", "cut")) {
      Files.createSymbolicLink(tools.resolve(tool), found(tool));
    }
    for (String tool : List.of("chmod", "mkdir", "touch", "cat")) {
      Files.createSymbolicLink(tools.resolve(tool), found(tool));
    }
  }

  private static Path found(String tool) {
    return List.of("/usr/bin", "/bin").stream()
        .map(place -> Path.of(place, tool))
        .filter(Files::exists)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void asksPipForTheLibtorchThatTheJobIsBuiltFor() throws Exception {
    python();
    Path made = folder.resolve("gpu-env");
    String pom = Files.readString(Path.of("pom.xml"));
    String version = pom.split("<libtorch.version>", 2)[1].split("<", 2)[0];

    Shell shell = gpuEnv(Map.of(), made);
    assertThat(shell.code()).as(shell.err()).isZero();
    assertThat(shell.err()).contains("GB are downloaded", "libtorch_path=" + made);
    assertThat(Files.readAllLines(made.resolve("asked")))
        .contains("--no-deps", "torch==" + version)
        .filteredOn(word -> word.startsWith("nvidia-"))
        .hasSize(12)
        .allMatch(word -> word.matches("nvidia-[a-z-]+-cu12==[0-9.]+"));
    assertThat(made.resolve("torch/lib/libtorch.so")).exists();
    assertThat(made.resolve("torch/lib/libtorch_cuda_linalg.so")).doesNotExist();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made)))
        .isEqualTo("rwxr-xr-x");
  }

  @Test
  void leavesNothingWherePipFails() throws Exception {
    python();

    Shell shell = gpuEnv(Map.of("PIP_CODE", "1"), folder.resolve("gpu-env"));
    assertThat(shell.code()).isEqualTo(1);
    assertThat(shell.err()).endsWith("pip must end well; it says above why not\n");
    try (var left = Files.list(folder)) {
      assertThat(left).containsExactly(tools);
    }
  }

  @Test
  void saysWhatIsMissing() throws Exception {
    Path made = folder.resolve("gpu-env");
    assertThat(gpuEnv(Map.of(), made).err()).contains("python3 must be on the PATH");
    python();
    Shell shell = gpuEnv(Map.of("PIP_VERSION_CODE", "1"), made);
    assertThat(shell.code()).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(shell.err()).startsWith("Cannot make " + made + ": python3 must have pip (");
    assertThat(gpuEnv(Map.of(), tools).err()).contains("it must not be there yet");
    assertThat(gpuEnv(Map.of(), folder.resolve("no/gpu-env")).err())
        .contains(folder.resolve("no") + " must be a folder that can be written");
    assertThat(gpuEnv(Map.of()).code()).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(gpuEnv(Map.of()).err()).startsWith("Usage: jobs/gpu-env DIR");
  }

  private void python() throws IOException {
    Path python = Files.writeString(tools.resolve("python3"), PIP);
    Files.setPosixFilePermissions(python, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Shell gpuEnv(Map<String, String> variables, Path... made)
      throws IOException, InterruptedException {
    String arguments = made.length == 0 ? "" : " '" + made[0] + "'";
    return Shell.bash(variables, "PATH='" + tools + "' bash jobs/gpu-env" + arguments);
  }
}
