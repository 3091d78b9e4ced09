package io.sparkdiffusion.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.yarn.api.records.ApplicationReport;
import org.apache.hadoop.yarn.api.records.FinalApplicationStatus;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.MiniYARNCluster;
import org.apache.hadoop.yarn.server.resourcemanager.rmapp.RMApp;

/**
 * A real HDFS and a real YARN in this JVM: a resource manager with two queues, and two node
 * managers of 3 GiB that start containers as processes. The queue {@code idle} may take all that
 * nobody else wants, and loses it by preemption to the queue {@code default}.
 */
final class YarnCluster implements AutoCloseable {

  private static final String QUEUES = "yarn.scheduler.capacity.root.";
  private static final String RACKS = "net.topology.node.switch.mapping.impl";
  private static final long PATIENCE_NANOS = 120_000_000_000L;
  private static final String MONITOR = "yarn.resourcemanager.monitor.capacity.preemption.";

  private static final Map<String, String> SETTINGS =
      Map.ofEntries(
          Map.entry("yarn.resourcemanager.hostname", "127.0.0.1"),
          Map.entry("yarn.minicluster.yarn.nodemanager.resource.memory-mb", "3072"),
          Map.entry("yarn.scheduler.minimum-allocation-mb", "64"),
          Map.entry("yarn.nodemanager.vmem-check-enabled", "false"),
          Map.entry(
              "yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage",
              "100"),
          Map.entry("yarn.scheduler.capacity.maximum-am-resource-percent", "1"),
          Map.entry("yarn.scheduler.capacity.node-locality-delay", "-1"),
          Map.entry(QUEUES + "queues", "default,idle"),
          Map.entry(QUEUES + "default.capacity", "95"),
          Map.entry(QUEUES + "idle.capacity", "5"),
          Map.entry(QUEUES + "idle.maximum-capacity", "100"),
          Map.entry(QUEUES + "idle.user-limit-factor", "20"),
          Map.entry("yarn.resourcemanager.scheduler.monitor.enable", "true"),
          Map.entry(MONITOR + "monitoring_interval", "500"),
          Map.entry(MONITOR + "max_wait_before_kill", "500"),
          Map.entry(MONITOR + "total_preemption_per_round", "1"),
          // What waits for room on a node has reserved it there, and else would not count.
          Map.entry(MONITOR + "select_based_on_reserved_containers", "true"),
          Map.entry(MONITOR + "natural_termination_factor", "1"));

  private final Path folder;
  private final MiniDFSCluster hdfs;
  private final MiniYARNCluster yarn;
  private int submissions;

  private YarnCluster(Path folder, MiniDFSCluster hdfs, MiniYARNCluster yarn) {
    this.folder = folder;
    this.hdfs = hdfs;
    this.yarn = yarn;
  }

  /** Starts both, with what they write and what clients read in a folder. */
  static YarnCluster start(Path folder) throws IOException {
    Configuration onDisk = new Configuration();
    onDisk.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, folder.resolve("hdfs").toString());
    MiniDFSCluster hdfs = new MiniDFSCluster.Builder(onDisk).numDataNodes(1).build();
    hdfs.waitActive();
    MiniYARNCluster yarn = new MiniYARNCluster("yarn", 2, 1, 1);
    YarnConfiguration settings = new YarnConfiguration(hdfs.getConfiguration(0));
    SETTINGS.forEach(settings::set);
    yarn.init(settings);
    yarn.start();
    YarnCluster cluster = new YarnCluster(folder, hdfs, yarn);
    cluster.writeConfiguration();
    return cluster;
  }

  private void writeConfiguration() throws IOException {
    Path conf = Files.createDirectories(folder.resolve("conf"));
    Configuration clients = new Configuration(yarn.getConfig());
    // A class of Hadoop's tests, which a stock Spark does not have.
    clients.set(RACKS, "org.apache.hadoop.net.ScriptBasedMapping");
    for (String name : List.of("core-site.xml", "yarn-site.xml")) {
      try (OutputStream out = Files.newOutputStream(conf.resolve(name))) {
        clients.writeXml(out);
      }
    }
  }

  /** The HDFS, which is the cluster's usual file system. */
  FileSystem files() throws IOException {
    return hdfs.getFileSystem();
  }

  /** Starts {@code jobs/generate}, or another program with the same arguments before {@code --}. */
  SparkProcess submit(List<String> program, String mode, String... sparkOptions)
      throws IOException {
    List<String> command = new ArrayList<>(program);
    command.addAll(options(mode));
    command.addAll(Arrays.asList(sparkOptions));
    return start(command);
  }

  /** Starts a program in the environment of a client of the cluster. */
  SparkProcess start(List<String> command) throws IOException {
    return SparkProcess.start(
        folder.resolve("client-%d.log".formatted(submissions++)),
        Map.of(
            "SPARK_HOME",
            SparkProcess.home().toString(),
            "HADOOP_CONF_DIR",
            folder.resolve("conf").toString(),
            "SPARK_LOCAL_IP",
            "127.0.0.1",
            "SPARK_DIFFUSION_BUILD",
            "never"),
        command);
  }

  /** Of Spark, for two small executors whose JVMs live for half a minute. */
  static List<String> options(String mode) {
    String java = System.getProperty("java.home");
    return Stream.of(
            "spark.submit.deployMode=" + mode,
            "spark.yarn.jars=local:" + SparkProcess.home() + "/jars/*",
            "spark.yarn.appMasterEnv.JAVA_HOME=" + java,
            "spark.executorEnv.JAVA_HOME=" + java,
            "spark.yarn.appMasterEnv.SPARK_LOCAL_IP=127.0.0.1",
            "spark.executorEnv.SPARK_LOCAL_IP=127.0.0.1",
            "spark.driver.memory=700m",
            "spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
            "spark.executor.extraJavaOptions=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
            "spark.executor.instances=2",
            "spark.executor.cores=1",
            "spark.executor.memory=600m",
            "spark.executor.memoryOverhead=600m",
            "spark.sql.shuffle.partitions=4")
        .flatMap(setting -> Stream.of("--conf", setting))
        .toList();
  }

  /** What YARN says of the newest application once it has ended, which may be after its driver. */
  ApplicationReport newest() throws InterruptedException {
    long end = System.nanoTime() + PATIENCE_NANOS;
    ApplicationReport report = newestApp().createAndGetApplicationReport("", true);
    while (report.getFinalApplicationStatus() == FinalApplicationStatus.UNDEFINED) {
      assertThat(System.nanoTime()).as("the application must end: %s", report).isLessThan(end);
      Thread.sleep(100);
      report = newestApp().createAndGetApplicationReport("", true);
    }
    return report;
  }

  /** Waits until YARN has taken a container away from an application. */
  void awaitPreemption() throws InterruptedException {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (apps().stream().allMatch(YarnCluster::hasKeptItsContainers)) {
      assertThat(System.nanoTime()).as("YARN must preempt a container").isLessThan(end);
      Thread.sleep(100);
    }
  }

  private static boolean hasKeptItsContainers(RMApp app) {
    return app.getRMAppMetrics().getNumNonAMContainersPreempted() == 0;
  }

  private RMApp newestApp() {
    List<RMApp> all = apps();
    return all.get(all.size() - 1);
  }

  private List<RMApp> apps() {
    return yarn.getResourceManager().getRMContext().getRMApps().values().stream()
        .sorted(Comparator.comparing(RMApp::getApplicationId))
        .toList();
  }

  /** The containers' JVMs that run such a class: executors, or drivers with their masters. */
  static List<ProcessHandle> containers(String mainClass) {
    return ProcessHandle.current()
        .descendants()
        .filter(one -> one.info().command().orElse("").endsWith("/java"))
        .filter(one -> one.info().commandLine().orElse("").contains(mainClass))
        .toList();
  }

  @Override
  public void close() throws IOException {
    yarn.close();
    hdfs.close();
  }
}
