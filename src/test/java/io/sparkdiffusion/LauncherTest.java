package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.cli.ExitCode;
import io.sparkdiffusion.testing.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the launcher's scripts do before a JVM starts. */
class LauncherTest {

  private static final String BUILD =
      "set -euo pipefail; project=\"$1\"; say() { printf '%s\\n' \"$*\" >&2; };"
          + " source jobs/lib/build.sh; ";

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--deploy-mode cluster",
        "--deploy-mode=cluster",
        "--conf spark.submit.deployMode=cluster",
        "--conf=spark.submit.deployMode=cluster"
      })
  void refusesToRunTheDriverOnTheCluster(String options) throws Exception {
    Shell said = generate("--master k8s://https://example.org " + options);
    assertThat(said.code()).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(said.err())
        .startsWith("Cannot use --deploy-mode cluster: it must go with --master yarn, ")
        .endsWith(" (--master k8s://https://example.org)\n")
        .hasLineCount(1);
  }

  @Test
  void namesWhatYarnNeeds() throws Exception {
    Shell said = generate("--master yarn");
    assertThat(said.code()).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(said.err())
        .isEqualTo(
            "Cannot use --master yarn: HADOOP_CONF_DIR or YARN_CONF_DIR must name the folder of the"
                + " cluster's configuration (neither is set)\n");
  }

  @Test
  void namesTheSparkThatYarnNeeds() throws Exception {
    Shell said =
        Shell.bash(
            Map.of("HADOOP_CONF_DIR", "conf", "SPARK_HOME", folder.toString()),
            "./jobs/generate configs/tiny.yml -- --master yarn");
    assertThat(said.code()).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(said.err())
        .isEqualTo(
            "Cannot use --master yarn: SPARK_HOME must name a Spark that has jars/spark-yarn_*.jar"
                + " (%s)\n".formatted(folder));
  }

  /** Settings are in a file that nobody else reads, the configuration is called as it was. */
  @Test
  void sendsADriverThatYarnRunsWhatItNeeds() throws Exception {
    Files.createDirectories(folder.resolve("jars"));
    Files.createDirectories(folder.resolve("bin"));
    Files.createFile(folder.resolve("jars/spark-yarn_2.12-3.5.9.jar"));
    Files.createFile(folder.resolve("bin/load-spark-env.sh"));
    Path config = Files.writeString(folder.resolve("my job.yml"), "run_name: mine\n");
    Shell said =
        Shell.bash(
            Map.of("HADOOP_CONF_DIR", "conf", "SPARK_HOME", folder.toString()),
            """
            set -euo pipefail
            project="$PWD"; source jobs/lib/launch.sh
            build_if_needed() { :; }
            job_jar() { printf job.jar; }
            exec_submit() { printf '%s\\n' "$@"; tr '\\0' '\\n' < /dev/fd/9 >&2; cat /dev/fd/6 >&2; exit 0; }
            launch io.sparkdiffusion.Main "$1" prompt='a secret' seed=1 --dry-run \\
              -- --master yarn --deploy-mode cluster --files mine --conf spark.yarn.dist.files=more
            """,
            config.toString());
    assertThat(said.code()).as(said.err()).isZero();
    assertThat(said.err()).isEqualTo("prompt=a secret\nseed=1\nrun_name: mine\n");
    assertThat(said.out())
        .doesNotContain("secret")
        .contains("\nspark.yarn.appMasterEnv.GLIBC_TUNABLES=glibc.", "\n--files\nmine\n")
        .endsWith(
            """
            --conf
            spark.yarn.dist.files=file:/dev/fd/9#overrides,file:/dev/fd/7#log4j2.properties,\
            file:/dev/fd/6#my_job.yml,more
            job.jar
            my_job.yml
            --dry-run
            --overrides-file
            overrides
            """);
  }

  private static Shell generate(String options) throws IOException, InterruptedException {
    return Shell.bash(
        Map.of("HADOOP_CONF_DIR", "", "YARN_CONF_DIR", ""),
        "./jobs/generate configs/tiny.yml -- " + options);
  }

  /** Spark's discovery script counts GPUs by the bus, CUDA by their speed. */
  @Test
  void countsGpusAsSparkDoes() throws Exception {
    String source = "project=\"$PWD\"; source jobs/lib/launch.sh; printenv CUDA_DEVICE_ORDER";
    assertThat(Shell.bash(Map.of(), "unset CUDA_DEVICE_ORDER; " + source).out())
        .isEqualTo("PCI_BUS_ID\n");
    assertThat(Shell.bash(Map.of("CUDA_DEVICE_ORDER", "FASTEST_FIRST"), source).out())
        .isEqualTo("FASTEST_FIRST\n");
  }

  @Test
  void showsWhatTheBuildDoes() throws Exception {
    Files.createDirectories(folder.resolve("target"));
    Shell said =
        Shell.bash(
            Map.of("HOME", folder.toString()),
            BUILD
                + """
                show_build_state() { printf '%s: %d kB\\n' "$doing" $((loaded_kb + underway_kb)) >&2; }
                {
                  printf '[INFO] Scanning for projects...\\n'
                  printf 'Downloading from central: https://repo/a.jar\\n'
                  printf 'Progress (1): 0.9/1.5 MB\\rProgress (2): 1.2/1.5 MB | 400 kB\\r'
                  sleep 1.5
                  printf '      \\rDownloaded from central: https://repo/a.jar (1.5 MB at 2.0 MB/s)\\n'
                  printf '[INFO] --- compiler:3.14.1:compile (default-compile) @ spark-diffusion ---\\n'
                  sleep 1.5
                } | show_build "$project/target/build.log"
                """,
            folder.toString());
    assertThat(said.code()).as(said.err()).isZero();
    assertThat(said.err().lines()).contains("Maven begins: 1600 kB", "compiling: 1500 kB");
    assertThat(Files.readString(folder.resolve("target/build.log")))
        .contains("Scanning for projects", "Downloaded from central")
        .doesNotContain("Progress");
  }

  @ParameterizedTest
  @CsvSource({"2.12.18, 2.12, quick", "2.13.18, 2.13, 'quick,spark-4'"})
  void takesTheJarForTheSparkOfTheUser(String library, String scala, String profiles)
      throws Exception {
    Path jars = Files.createDirectories(folder.resolve("own spark/jars"));
    Files.createFile(jars.resolve("scala-library-" + library + ".jar"));
    Path target = Files.createDirectories(folder.resolve("target"));
    for (String of : new String[] {"2.12", "2.13"}) {
      Files.createFile(target.resolve("spark-diffusion_" + of + "-1-job.jar"));
    }
    Shell said =
        Shell.bash(
            Map.of("SPARK_HOME", jars.getParent().toString()),
            BUILD + "choose_scala; echo \"$(job_jar) $(build_profiles)\"",
            folder.toString());
    assertThat(said.out())
        .isEqualTo("%s/spark-diffusion_%s-1-job.jar %s\n".formatted(target, scala, profiles));
  }

  @Test
  void saysWhyTheBuildFailed() throws Exception {
    Path mvnw = folder.resolve("mvnw");
    Files.writeString(
        mvnw,
        "#!/bin/bash\necho '[INFO] Scanning'\necho '[ERROR] No space left on device'\nexit 1\n");
    assertThat(mvnw.toFile().setExecutable(true)).isTrue();
    Shell said =
        Shell.bash(Map.of("HOME", folder.toString()), BUILD + "build_if_needed", folder.toString());
    assertThat(said.code()).isEqualTo(1);
    assertThat(said.err())
        .contains("about 430 MB are downloaded")
        .endsWith(
            "[ERROR] No space left on device\nCannot build the job: Maven must end well (%s says more)\n"
                .formatted(folder.resolve("target/build.log")));
  }

  @Test
  void keepsSparksJarsOnceOnADisk() throws Exception {
    Path jars = Files.createDirectories(folder.resolve("target/spark/jars"));
    Path repository = Files.createDirectories(folder.resolve(".m2/repository/org/a b"));
    Files.writeString(repository.resolve("same.jar"), "same");
    Files.writeString(jars.resolve("same.jar"), "same");
    Files.writeString(repository.resolve("other.jar"), "one");
    Files.writeString(jars.resolve("other.jar"), "two");
    Shell said =
        Shell.bash(Map.of("HOME", folder.toString()), BUILD + "share_jars", folder.toString());
    assertThat(said.code()).as(said.err()).isZero();
    assertThat(Files.getAttribute(jars.resolve("same.jar"), "unix:ino"))
        .isEqualTo(Files.getAttribute(repository.resolve("same.jar"), "unix:ino"));
    assertThat(jars.resolve("other.jar")).hasContent("two");
    assertThat(jars).isDirectoryNotContaining("glob:**.same");
  }
}
