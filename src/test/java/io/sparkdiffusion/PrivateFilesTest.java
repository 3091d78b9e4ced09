package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.ChildJvm;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What holds prompts is kept to the user who has written them, where that user wants it so. */
class PrivateFilesTest {

  private static final String MAKE =
      """
      set -euo pipefail; umask 022; project=.; . jobs/lib/launch.sh; sparks=("${@:2}")
      make_local_dir
      """;

  @TempDir private Path folder;

  @Test
  void givesItsFilesTheModesThatTheUmaskAllows() throws Exception {
    assertModes("077", "rwx------", "rw-------");
  }

  @Tag("soak")
  @Test
  void letsOthersReadWhereTheUmaskAllows() throws Exception {
    assertModes("022", "rwxr-xr-x", "rw-r--r--");
  }

  private void assertModes(String umask, String ofFolders, String ofFiles) throws Exception {
    Files.writeString(folder.resolve("job.yml"), "run_name: job\n");
    Files.writeString(folder.resolve("prompts.csv"), "id,prompt\na,fox\n");
    ProcessBuilder child = ChildJvm.of(OneRun.class, List.of(), folder.toString());
    List<String> command = new ArrayList<>(List.of("bash", "-c", "umask " + umask + "; \"$@\""));
    command.add("bash");
    command.addAll(child.command());
    Path log = folder.resolve("child.log");
    Process process = child.command(command).redirectOutput(log.toFile()).start();
    assertThat(process.waitFor()).as(() -> read(log)).isZero();
    Path output = folder.resolve("out");
    assertThat(modes(output, true)).hasSizeGreaterThan(3).allMatch(at -> at.endsWith(ofFolders));
    assertThat(modes(output, false))
        .hasSizeGreaterThan(3)
        .allMatch(at -> at.endsWith(ofFiles))
        .anyMatch(at -> at.contains(".png"))
        .anyMatch(at -> at.contains(".parquet"))
        .anyMatch(at -> at.contains("run.json"));
  }

  /** A process with a run. */
  static final class OneRun {
    private OneRun() {}

    public static void main(String[] arguments) {
      Path folder = Path.of(arguments[0]);
      Main main = new Main(System.err, job -> job.models(any -> FakeModel.named("modes")));
      System.exit(
          main.run(
              folder.resolve("job.yml").toString(),
              "pretrained_model_name_or_path=" + folder,
              "prompts=" + folder.resolve("prompts.csv"),
              "output_dir=" + folder.resolve("out"),
              "resolution=8",
              "device=cpu"));
    }
  }

  @Test
  void sparksBlocksLieWhereNobodyElseCanLook() throws Exception {
    Shell made = bash(MAKE + "stat -c '%a %n' \"$local_dir\"; touch \"$local_dir/blocks\"");
    assertThat(made.out()).startsWith("700 " + folder + "/spark-diffusion-local.");
    Path left = Path.of(made.out().strip().substring("700 ".length()));
    assertThat(left).as("as after a kill").exists();

    Shell next = bash(MAKE + "echo \"$local_dir\"; ( " + MAKE + " ); ls \"$local_dir\"");
    assertThat(left).as("removed by the next").doesNotExist();
    assertThat(next.out().strip()).as("that of a living run stays").endsWith("lock");
  }

  @Test
  void leavesAPlaceThatTheUserHasChosen() throws Exception {
    assertThat(bash(MAKE + "echo \"[$local_dir]\"", "--conf", "spark.local.dir=/fast").out())
        .isEqualTo("[]\n");
    assertThat(bash("export SPARK_LOCAL_DIRS=/fast\n" + MAKE + "echo \"[$local_dir]\"").out())
        .isEqualTo("[]\n");
    assertThat(folder).isEmptyDirectory();
  }

  private Shell bash(String script, String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("first"));
    all.addAll(List.of(arguments));
    Shell said =
        Shell.bash(Map.of("TMPDIR", folder.toString()), script, all.toArray(String[]::new));
    assertThat(said.code()).as(said.err()).isZero();
    return said;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static List<String> modes(Path folder, boolean areFolders) throws IOException {
    try (Stream<Path> found = Files.walk(folder)) {
      List<String> modes = new ArrayList<>();
      for (Path path : found.filter(any -> Files.isDirectory(any) == areFolders).toList()) {
        modes.add(
            folder.relativize(path)
                + " "
                + PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
      }
      return modes;
    }
  }
}
