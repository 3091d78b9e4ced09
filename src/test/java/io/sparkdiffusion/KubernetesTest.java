package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.sparkdiffusion.cli.ExitCode;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.request.Parameters;
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

/** The examples of {@code jobs/schedules/kubernetes}, and the image that they run. */
class KubernetesTest {

  private static final Path SCHEDULES = Path.of("jobs/schedules");
  private static final String CRON_JOB = "/spec/jobTemplate/spec";
  private static final String JOB = "/spec";

  @TempDir private Path folder;

  /** What the launcher sets for speed is set where a schedule goes without it. */
  @Test
  void theImageAndTheDagHaveTheLaunchersEnvironment() throws IOException, InterruptedException {
    String dag = Files.readString(SCHEDULES.resolve("airflow/spark_diffusion.py"));
    Shell launcher =
        Shell.bash(
            Map.of("project", Path.of("").toAbsolutePath().toString()),
            "unset GLIBC_TUNABLES; source jobs/lib/launch.sh;"
                + " printf '%s\\n' \"$GLIBC_TUNABLES\" \"${compiler_options[@]}\"");
    List<String> lines = launcher.out().lines().toList();
    assertThat(Files.readString(SCHEDULES.resolve("Dockerfile")))
        .contains("ENV GLIBC_TUNABLES=" + lines.get(0) + "\n");
    assertThat(lines.get(0).replace("glibc.malloc.", "").split(":"))
        .allMatch(tunable -> dag.contains('"' + tunable + '"'));
    assertThat(lines.subList(1, lines.size())).hasSize(5).allMatch(dag::contains);
  }

  @Test
  void theImageHasTheSparkThatTheJobIsBuiltWith() throws IOException {
    String version = usual("spark.version");
    assertThat(Files.readString(SCHEDULES.resolve("Dockerfile")))
        .contains("apache/spark:" + version + "-scala2.12-java17-");
    assertThat(yaml("spark-application.yml").at("/spec/sparkVersion").asText()).isEqualTo(version);
  }

  /** One pod: no operator, no executors; a mistake is not tried again. */
  @Test
  void aSinglePodIsTheSameJobAndRepeatsNoMistake() throws IOException {
    for (JsonNode job : List.of(yaml("cron-job.yml").at(CRON_JOB), yaml("job-s3.yml").at(JOB))) {
      JsonNode rule = job.at("/podFailurePolicy/rules/0");
      assertThat(rule.get("action").asText()).isEqualTo("FailJob");
      assertThat(rule.at("/onExitCodes/values"))
          .extracting(JsonNode::asInt)
          .containsExactly(ExitCode.NOT_USABLE, ExitCode.TOO_MANY_FAILED_ROWS);
      JsonNode container = job.at("/template/spec/containers/0");
      assertThat(container.get("name")).isEqualTo(rule.at("/onExitCodes/containerName"));
      assertThat(texts(container.get("command")))
          .contains("--class=" + Main.class.getName(), "/opt/spark-diffusion/job.jar");
      List<String> arguments = texts(container.get("args"));
      assertThat(JobConfig.load(Path.of(arguments.get(0)), arguments.subList(1, arguments.size())))
          .isNotNull();
    }
  }

  /** The connector is that of the Hadoop which the image's Spark has. */
  @Test
  void whatReadsBucketsFitsTheImage() throws IOException {
    String connector = "org.apache.hadoop:hadoop-aws:" + usual("hadoop.version");
    for (String file : List.of("job-s3.yml", "spark-application.yml", "submit")) {
      assertThat(Files.readString(SCHEDULES.resolve("kubernetes").resolve(file)))
          .as(file)
          .contains(connector);
    }
  }

  /** The image's user is 185; its group owns a fresh volume, and GPU nodes are tainted. */
  @Test
  void podsMayWriteToTheirVolumeAndRunOnGpuNodes() throws IOException {
    for (String pod :
        List.of("/spec/driver/podSecurityContext", "/spec/executor/podSecurityContext")) {
      assertThat(yaml("spark-application.yml").at(pod).isMissingNode()).as(pod).isFalse();
    }
    for (JsonNode user :
        List.of(
            yaml("spark-application.yml").at("/spec/driver/podSecurityContext"),
            yaml("cron-job.yml").at(CRON_JOB + "/template/spec/securityContext"),
            yaml("job-s3.yml").at(JOB + "/template/spec/securityContext"),
            yaml("pod.yml").at("/spec/securityContext"))) {
      assertThat(user.get("runAsUser").asInt()).isEqualTo(185);
      assertThat(user.get("fsGroup").asInt()).isEqualTo(185);
      assertThat(user.at("/seccompProfile/type").asText()).isEqualTo("RuntimeDefault");
    }
    for (JsonNode tolerations :
        List.of(
            yaml("spark-application.yml").at("/spec/executor/tolerations"),
            yaml("cron-job.yml").at(CRON_JOB + "/template/spec/tolerations"),
            yaml("job-s3.yml").at(JOB + "/template/spec/tolerations"),
            yaml("pod.yml").at("/spec/tolerations"))) {
      assertThat(tolerations.at("/0/key").asText()).isEqualTo("nvidia.com/gpu");
    }
  }

  /** A stand-in for spark-submit says what it is given. */
  @Test
  void submitsTheSameJobWithoutAnOperator() throws IOException, InterruptedException {
    Path stub =
        Files.writeString(folder.resolve("spark-submit"), "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
    assertThat(stub.toFile().setExecutable(true)).isTrue();
    Shell submitted =
        Shell.bash(
            Map.of(
                "PATH",
                folder + ":" + System.getenv("PATH"),
                "SPARK_DIFFUSION_SECRET",
                "mine",
                "SPARK_DIFFUSION_S3_SECRET",
                "keys"),
            "jobs/schedules/kubernetes/submit https://host:6443 num_images=2");
    List<String> given = submitted.out().lines().toList();
    assertThat(given)
        .startsWith("--master", "k8s://https://host:6443", "--deploy-mode", "cluster")
        .contains(
            Main.class.getName(), "spark.kubernetes.executor.secretKeyRef.HF_TOKEN=mine:HF_TOKEN")
        .contains(
            "spark.kubernetes.driver.secretKeyRef.AWS_ACCESS_KEY_ID=keys:AWS_ACCESS_KEY_ID",
            "spark.metrics.conf.*.sink.prometheusServlet.path=/metrics/prometheus")
        .contains(
            "spark.kubernetes.driver.podTemplateFile="
                + SCHEDULES.resolve("kubernetes/pod.yml").toAbsolutePath());
    List<String> arguments = given.subList(given.indexOf("configs/base21.yml"), given.size());
    JobConfig job =
        JobConfig.load(Path.of(arguments.get(0)), arguments.subList(1, arguments.size()));
    assertThat(job.execution().device()).isEqualTo("cuda");
    assertThat(job.sampling().get(Parameters.NUM_IMAGES)).isEqualTo(2);
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
        .hasSize(4)
        .allMatch(line -> Files.exists(Path.of(line.split(" ", -1)[1])));
    String jar = jarName();
    assertThat(image).contains("ARG JOB_JAR=target/" + jar);
    assertThat(Files.readString(SCHEDULES.resolve("airflow/spark_diffusion.py")))
        .contains("/target/" + jar, "java_class=\"" + Main.class.getName() + "\"");
  }

  private static String jarName() throws IOException {
    return "spark-diffusion_2.12-%s-job.jar".formatted(usual("version"));
  }

  /** What the build has without a profile, with which it may be running. */
  private static String usual(String element) throws IOException {
    String pom = Files.readString(Path.of("pom.xml"));
    return pom.split("<" + element + ">", 2)[1].split("</", 2)[0];
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
    List<String> arguments = texts(once.get("arguments"));
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

  private static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }

  private static JsonNode yaml(String name) throws IOException {
    return new ObjectMapper(new YAMLFactory())
        .readTree(SCHEDULES.resolve("kubernetes").resolve(name).toFile());
  }
}
