package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.testing.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
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
    assertThat(locked("nightly").code()).isEqualTo(Main.NOT_USABLE);
  }

  @Test
  void theCrontabRunsWhatIsThere() throws IOException {
    List<String> lines =
        Files.readAllLines(SCHEDULES.resolve("crontab")).stream()
            .filter(line -> line.matches("[0-9*].*"))
            .toList();
    assertThat(lines).singleElement().asString().doesNotContain("%");
    String[] command = lines.get(0).split(" && ", -1)[1].split(" ", -1);
    assertThat(Path.of(command[0])).isExecutable();
    assertThat(Path.of(command[2])).isExecutable();
    assertThat(Path.of(command[3])).isRegularFile();
  }

  @Test
  void theImageHasWhatTheOperatorRuns() throws IOException {
    String image = Files.readString(SCHEDULES.resolve("Dockerfile"));
    List<String> copied =
        Pattern.compile("^COPY (?!--from)(\\S+) (\\S+)$", Pattern.MULTILINE)
            .matcher(image)
            .results()
            .map(MatchResult::group)
            .toList();
    assertThat(copied)
        .contains("COPY ${JOB_JAR} /opt/spark-diffusion/job.jar")
        .filteredOn(line -> !line.contains("JOB_JAR"))
        .hasSize(3)
        .allMatch(line -> Files.exists(Path.of(line.split(" ", -1)[1])));
    String jar = jarName();
    assertThat(image).contains("ARG JOB_JAR=target/" + jar);
    assertThat(Files.readString(SCHEDULES.resolve("airflow/spark_diffusion.py")))
        .contains("/target/" + jar, "java_class=\"" + Main.class.getName() + "\"");
  }

  private static String jarName() throws IOException {
    String pom = Files.readString(Path.of("pom.xml"));
    return "spark-diffusion-%s-job.jar"
        .formatted(pom.split("<version>", 2)[1].split("</version>", 2)[0]);
  }

  @Test
  void theOperatorsApplicationsAreTheSameJob() throws IOException {
    JsonNode once = yaml("spark-application.yml").get("spec");
    JsonNode nightly = yaml("scheduled-spark-application.yml").get("spec");
    assertThat(nightly.get("template")).isEqualTo(once);
    assertThat(nightly.get("concurrencyPolicy").asText()).isEqualTo("Forbid");

    assertThat(once.get("mainClass").asText()).isEqualTo(Main.class.getName());
    assertThat(once.get("mainApplicationFile").asText())
        .isEqualTo("local:///opt/spark-diffusion/job.jar");
    List<String> arguments =
        StreamSupport.stream(once.get("arguments").spliterator(), false)
            .map(JsonNode::asText)
            .toList();
    JobConfig job =
        JobConfig.load(Path.of(arguments.get(0)), arguments.subList(1, arguments.size()));
    assertThat(job.execution().device()).isEqualTo("cuda");
  }

  /** A GPU is asked for from Kubernetes, from Spark and for each task, of which there is one. */
  @Test
  void theOperatorsExecutorsHaveOneGpuAndOneTask() throws IOException {
    JsonNode spec = yaml("spark-application.yml").get("spec");
    JsonNode conf = spec.get("sparkConf");
    assertThat(spec.at("/executor/gpu/quantity").asInt()).isEqualTo(1);
    assertThat(spec.at("/executor/gpu/name").asText()).isEqualTo("nvidia.com/gpu");
    assertThat(conf.get("spark.executor.resource.gpu.amount").asText()).isEqualTo("1");
    assertThat(conf.get("spark.task.resource.gpu.amount").asText()).isEqualTo("1");
    assertThat(conf.get("spark.task.cpus").asText()).isEqualTo(spec.at("/executor/cores").asText());
  }

  private static JsonNode yaml(String name) throws IOException {
    return new ObjectMapper(new YAMLFactory())
        .readTree(SCHEDULES.resolve("kubernetes").resolve(name).toFile());
  }
}
