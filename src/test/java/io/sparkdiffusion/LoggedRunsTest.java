package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.cli.ExitCode;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.LogTap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run logs, and what it never does. */
class LoggedRunsTest {

  @TempDir private Path folder;
  private CommandLineRuns job;

  @BeforeEach
  void writeInput() throws IOException {
    job = new CommandLineRuns(folder);
  }

  @Test
  void keepsPromptsAndTokensOutOfLogsAndEvents() throws IOException {
    String secret = "unmistakable-zebra";
    Files.writeString(
        job.table(),
        "id,prompt,negative_prompt,seed\na,%1$s,%1$s,1\nb,%1$s,,many\nc,NAN %1$s,,\n"
            .formatted(secret));
    List<String> logged = new ArrayList<>();
    try (LogTap tap = new LogTap(logged)) {
      assertThat(job.run("hf_access_token=" + secret)).isEqualTo(ExitCode.DONE);
      assertThat(job.run("prompts=", "prompt=" + secret)).isEqualTo(ExitCode.DONE);
      assertThat(job.run("prompts=", "prompt=BOOM " + secret)).isEqualTo(ExitCode.JOB_FAILED);
    }
    assertThat(logged).as("the tap hears").anyMatch(line -> line.contains("num_inference_steps"));
    assertThat(logged).noneMatch(line -> line.contains(secret));
    assertThat(job.said()).doesNotContain(secret);
    assertThat(Files.readString(folder.resolve("out/run.json"))).doesNotContain(secret);
    assertThat(LocalSpark.eventText())
        .contains("SparkListenerSQLExecutionStart")
        .doesNotContain(secret);
  }

  @Test
  void showsTheSettingsThatWereChosen() {
    List<String> logged = new ArrayList<>();
    try (LogTap tap = new LogTap(logged)) {
      assertThat(job.run("--dry-run", "seed=7")).isEqualTo(ExitCode.DONE);
    }
    List<String> shown = logged.stream().filter(line -> line.matches("[a-z_]+ = .*")).toList();
    assertThat(shown)
        .containsExactlyInAnyOrder(
            "device = cpu",
            "num_inference_steps = 3",
            "output_dir = " + folder.resolve("out"),
            "pretrained_model_name_or_path = " + folder,
            "prompts = " + job.table(),
            "resolution = 8",
            "run_name = job",
            "seed = 7");
    assertThat(logged)
        .anyMatch(line -> line.matches("The other \\d+ settings have their defaults: .*"));
  }

  @Test
  void showsAllSettingsWhereAsked() {
    List<String> logged = new ArrayList<>();
    try (LogTap tap = new LogTap(logged)) {
      assertThat(job.run("--dry-run", "--verbose")).isEqualTo(ExitCode.DONE);
    }
    assertThat(logged).contains("eta = 0.0", "height = 8", "model_digest = ");
  }

  @Test
  void saysHowGroupsAppearOnlyWhereThatMatters() {
    List<String> logged = new ArrayList<>();
    try (LogTap tap = new LogTap(logged)) {
      assertThat(job.run()).isEqualTo(ExitCode.DONE);
      assertThat(logged).noneMatch(line -> line.startsWith("Groups appear in"));
      assertThat(job.run("output_commit=rename")).isEqualTo(ExitCode.DONE);
    }
    assertThat(logged).anyMatch(line -> line.startsWith("Groups appear in"));
  }
}
