package io.sparkdiffusion.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A Spark master and workers on loopback, each worker with three cores and one GPU as far as Spark
 * is concerned: a discovery script says so. An executor takes one core, and the GPU.
 */
final class StandaloneCluster implements AutoCloseable {

  private static final String LOOPBACK = "127.0.0.1";

  private static final List<String> DRIVER =
      List.of(
          "-Xmx1g",
          "-Dlog4j2.configurationFile=jobs/lib/log4j2.properties",
          // In local mode as many as an executor has: bytes are promised for equal numbers.
          "-Dai.djl.pytorch.num_threads=1");

  private final Path folder;
  private final SparkProcess master;
  private final String url;
  private final List<SparkProcess> workers = new ArrayList<>();
  private final List<String> driverOptions = new ArrayList<>(DRIVER);
  private int submissions;

  private StandaloneCluster(Path folder, SparkProcess master, String url) {
    this.folder = folder;
    this.master = master;
    this.url = url;
  }

  /** Starts a cluster whose files are in a folder, and waits until it is ready. */
  static StandaloneCluster start(Path folder, int workers) throws Exception {
    SparkProcess master =
        SparkProcess.start(
            folder.resolve("master.log"),
            List.of("-Xmx256m"),
            "org.apache.spark.deploy.master.Master",
            "--host",
            LOOPBACK,
            "--port",
            "0",
            "--webui-port",
            "0");
    try {
      String url = master.awaitPrinted("Starting Spark master at (spark://\\S+)");
      StandaloneCluster cluster = new StandaloneCluster(folder, master, url);
      for (int i = 0; i < workers; i++) {
        cluster.addWorker();
      }
      return cluster;
    } catch (Exception | AssertionError e) {
      master.close();
      throw e;
    }
  }

  /** One more worker, with a GPU address of its own. */
  void addWorker() throws Exception {
    int number = workers.size();
    Path script = folder.resolve("gpus-" + number + ".sh");
    Files.writeString(
        script,
        "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": [\"%d\"]}'\n".formatted(number));
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    SparkProcess worker =
        SparkProcess.start(
            folder.resolve("worker-%d.log".formatted(number)),
            List.of(
                "-Xmx256m",
                "-Dspark.worker.resource.gpu.amount=1",
                "-Dspark.worker.resource.gpu.discoveryScript=" + script),
            "org.apache.spark.deploy.worker.Worker",
            "--host",
            LOOPBACK,
            "--port",
            "0",
            "--webui-port",
            "0",
            "--cores",
            "3",
            "--memory",
            "1g",
            "--work-dir",
            executorFiles(number).toString(),
            url);
    workers.add(worker);
    worker.awaitPrinted("(Successfully registered with master)");
  }

  /** What drivers call the cluster. */
  String url() {
    return url;
  }

  /** What the workers have printed so far. */
  String workerLogs() throws IOException {
    StringBuilder all = new StringBuilder();
    for (SparkProcess worker : workers) {
      all.append(worker.printed());
    }
    return all.toString();
  }

  /** Options of the JVM for all drivers from now on. */
  void addDriverOptions(String... options) {
    driverOptions.addAll(List.of(options));
  }

  /** Submits the packaged job in client mode, with one GPU for each executor and task. */
  SparkProcess submit(List<String> sparkOptions, List<String> arguments) throws IOException {
    List<String> options =
        new ArrayList<>(
            List.of(
                "--conf", "spark.executor.memory=700m",
                "--conf", "spark.executor.cores=1",
                "--conf", "spark.executor.resource.gpu.amount=1",
                "--conf", "spark.task.resource.gpu.amount=1"));
    options.addAll(sparkOptions);
    return submit(url, options, arguments);
  }

  /** Runs the packaged job with all tasks in the driver. */
  SparkProcess submitLocally(int slots, List<String> arguments) throws IOException {
    return submit("local[%d]".formatted(slots), List.of(), arguments);
  }

  private SparkProcess submit(String to, List<String> options, List<String> arguments)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "--master",
                to,
                "--class",
                "io.sparkdiffusion.Main",
                "--conf",
                "spark.driver.bindAddress=" + LOOPBACK,
                "--conf",
                "spark.driver.host=" + LOOPBACK,
                "--conf",
                "spark.ui.enabled=false",
                "--conf",
                "spark.sql.shuffle.partitions=4"));
    command.addAll(options);
    command.add(jobJar().toString());
    command.addAll(arguments);
    return SparkProcess.start(
        folder.resolve("driver-%d.log".formatted(submissions++)),
        driverOptions,
        "org.apache.spark.deploy.SparkSubmit",
        command.toArray(String[]::new));
  }

  /** What is submitted. */
  static Path jobJar() throws IOException {
    String name = "spark-diffusion_%s-.*-job\\.jar".formatted(SparkProcess.scala());
    try (Stream<Path> files = Files.list(Path.of("target"))) {
      return files
          .filter(file -> file.getFileName().toString().matches(name))
          .findFirst()
          .orElseThrow(() -> new AssertionError("target/ must hold the packaged job"));
    }
  }

  /** The executors that are alive, in no order. */
  List<ProcessHandle> executors() {
    return workers.stream()
        .flatMap(SparkProcess::descendants)
        .filter(StandaloneCluster::isExecutor)
        .filter(handle -> handle.parent().filter(StandaloneCluster::isExecutor).isEmpty())
        .toList();
  }

  /** Also of a child that an executor has just forked and that has not begun its own program. */
  private static boolean isExecutor(ProcessHandle handle) {
    return handle.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend");
  }

  /** What each executor of the cluster has printed so far, of all jobs. */
  List<String> executorLogs() {
    List<String> logs = new ArrayList<>();
    for (int i = 0; i < workers.size(); i++) {
      try (Stream<Path> files = Files.walk(executorFiles(i))) {
        for (Path file : files.filter(f -> f.endsWith("stderr")).toList()) {
          logs.add(Files.readString(file));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return logs;
  }

  private Path executorFiles(int worker) throws IOException {
    return Files.createDirectories(folder.resolve("worker-" + worker));
  }

  /** {@code kill -9} for a worker and its executor. */
  void loseWorker(int number) {
    workers.get(number).close();
  }

  @Override
  public void close() {
    workers.forEach(SparkProcess::close);
    master.close();
  }
}
