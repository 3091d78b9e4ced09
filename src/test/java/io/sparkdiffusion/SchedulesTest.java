package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.cli.ExitCode;
import io.sparkdiffusion.testing.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of {@code jobs/schedules}; tools/airflow and tools/schedules test them further. */
class SchedulesTest {

  private static final Path SCHEDULES = Path.of("jobs/schedules");

  @TempDir private Path logs;

  private Shell locked(String... command) throws IOException, InterruptedException {
    return Shell.bash(
        Map.of("SPARK_DIFFUSION_LOGS", logs.toString()),
        "exec jobs/schedules/run-locked \"$@\"",
        command);
  }

  @Test
  void printsTheLastLineAndKeepsTheExitCode() throws IOException, InterruptedException {
    Shell good = locked("nightly", "bash", "-c", "echo out; echo first >&2; echo Done: 3 >&2");
    assertThat(good).isEqualTo(new Shell(0, "Done: 3\n", ""));

    Shell bad = locked("nightly", "bash", "-c", "echo first >&2; echo Cannot go on >&2; exit 3");
    assertThat(bad.code()).isEqualTo(3);
    assertThat(bad.out()).isEmpty();
    assertThat(bad.err())
        .matches("nightly: Cannot go on \\(exit code 3, " + logs + "/nightly-\\w+Z\\.log\\)\\n");
    Path log = Path.of(bad.err().replaceAll(".*, |\\)\\n", ""));
    assertThat(log).content().isEqualTo("first\nCannot go on\n");
  }

  /** The first one waits on a pipe until the second one has been refused. */
  @Test
  void refusesASecondRunAtTheSameTime() throws IOException, InterruptedException {
    Shell both =
        Shell.bash(
            Map.of("SPARK_DIFFUSION_LOGS", logs.toString()),
            """
            mkfifo "$SPARK_DIFFUSION_LOGS/go" "$SPARK_DIFFUSION_LOGS/on"
            jobs/schedules/run-locked nightly bash -c \
                'echo > "$SPARK_DIFFUSION_LOGS/on"; read < "$SPARK_DIFFUSION_LOGS/go"; echo Done >&2' &
            read < "$SPARK_DIFFUSION_LOGS/on"
            jobs/schedules/run-locked nightly echo never
            echo "second: $?"
            jobs/schedules/run-locked weekly true
            echo "another: $?"
            echo > "$SPARK_DIFFUSION_LOGS/go"
            wait $!
            echo "first: $?"
            jobs/schedules/run-locked nightly true
            echo "third: $?"
            """);
    assertThat(both.out().lines().filter(line -> !line.isEmpty()))
        .containsExactly("second: 75", "another: 0", "Done", "first: 0", "third: 0");
    assertThat(both.err())
        .isEqualTo(
            "Cannot start nightly: its last run must have ended (%s/nightly.lock is held)\n"
                .formatted(logs));
  }

  @Test
  void refusesToStartNothing() throws IOException, InterruptedException {
    assertThat(locked("nightly").code()).isEqualTo(ExitCode.NOT_USABLE);
  }

  @Test
  void keepsTheLastLogs() throws IOException, InterruptedException {
    for (String name : List.of("nightly-20260101T000000Z.log", "nightly-20260102T000000Z.log")) {
      Files.writeString(logs.resolve(name), "old");
      Files.writeString(logs.resolve(name + ".out"), "old");
    }
    Files.writeString(logs.resolve("nightly-2-20250101T000000Z.log"), "another's");
    Shell run =
        Shell.bash(
            Map.of("SPARK_DIFFUSION_LOGS", logs.toString(), "SPARK_DIFFUSION_KEPT_LOGS", "2"),
            "jobs/schedules/run-locked nightly bash -c 'echo Done >&2'");
    assertThat(run).isEqualTo(new Shell(0, "Done\n", ""));
    try (Stream<Path> files = Files.list(logs)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .hasSize(5)
          .doesNotContain("nightly-20260101T000000Z.log", "nightly-20260101T000000Z.log.out")
          .contains("nightly-20260102T000000Z.log.out", "nightly-2-20250101T000000Z.log");
    }
  }

  /** A file of /etc/cron.d, whose lines name a user; nobody's own crontab is replaced by it. */
  @Test
  void cronRunsWhatIsThere() throws IOException {
    Path file = SCHEDULES.resolve("cron.d/spark-diffusion");
    List<String> lines =
        Files.readAllLines(file).stream().filter(line -> line.matches("[0-9*].*")).toList();
    assertThat(lines).singleElement().asString().doesNotContain("%");
    String[] fields = lines.get(0).split(" ", 7);
    assertThat(List.of(fields[5], fields[6].split(" ", 2)[0]))
        .containsExactly("spark-diffusion", "cd");
    String[] command = lines.get(0).split(" && ", -1)[1].split(" ", -1);
    assertThat(Path.of(command[0])).isExecutable();
    assertThat(Path.of(command[2])).isExecutable();
    assertThat(Path.of(command[3])).isRegularFile();
    assertThat(Files.readString(file))
        .contains("\nPATH=", "\nSPARK_DIFFUSION_BUILD=never\n")
        .doesNotContain("crontab jobs");
  }

  @Test
  void systemdRunsTheSameAndRepeatsNoMistake() throws IOException {
    String service = Files.readString(SCHEDULES.resolve("systemd/spark-diffusion.service"));
    Matcher start =
        Pattern.compile("ExecStart=/opt/spark-diffusion/(\\S+) (\\S+)").matcher(service);
    assertThat(start.find()).isTrue();
    assertThat(Path.of(start.group(1))).isExecutable();
    assertThat(Path.of(start.group(2))).isRegularFile();
    assertThat(service)
        .contains(
            "RestartPreventExitStatus=%d %d\n"
                .formatted(ExitCode.NOT_USABLE, ExitCode.TOO_MANY_FAILED_ROWS),
            "Environment=SPARK_DIFFUSION_BUILD=never\n");
    assertThat(Files.readString(SCHEDULES.resolve("systemd/spark-diffusion.timer")))
        .contains("OnCalendar=");
  }

  @Test
  void aScheduleBuildsNothing() throws IOException, InterruptedException {
    Shell started =
        Shell.bash(
            Map.of("SPARK_DIFFUSION_BUILD", "never", "project", logs.toString()),
            "source jobs/lib/launch.sh; build_if_needed");
    assertThat(started.code()).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(started.err())
        .isEqualTo(
            "Cannot start: the job must be built, and since its last change, as"
                + " SPARK_DIFFUSION_BUILD=never forbids it now; build it with ./mvnw -Pquick"
                + " package\n");
  }
}
