package io.sparkdiffusion.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/** One Spark for all tests of this JVM, with two task slots and an event log. */
public final class LocalSpark {

  private static final Path EVENTS = folder("events");
  private static final SparkSession SESSION = start();

  private LocalSpark() {}

  /** The session, which ends with the JVM. */
  public static SparkSession session() {
    return SESSION;
  }

  /** Whether this is Spark 4, some of whose messages have other words. */
  public static boolean isSpark4() {
    return SESSION.version().startsWith("4.");
  }

  /** What Spark has written to its event log so far. */
  public static String eventText() throws IOException {
    StringBuilder text = new StringBuilder();
    try (Stream<Path> files = Files.walk(EVENTS)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        text.append(Files.readString(file));
      }
    }
    return text.toString();
  }

  private static SparkSession start() {
    forgetFileSystems();
    SparkConf conf =
        new SparkConf()
            .setMaster("local[2]")
            .setAppName("tests")
            .set("spark.ui.enabled", "false")
            .set("spark.eventLog.enabled", "true")
            .set("spark.eventLog.compress", "false")
            .set("spark.eventLog.dir", EVENTS.toUri().toString())
            .set("spark.executor.killOnFatalError.depth", "0")
            .setIfMissing("spark.hadoop.fs.file.impl", QuickDisk.class.getName())
            .set("spark.sql.shuffle.partitions", "3")
            .set("spark.sql.warehouse.dir", folder("warehouse").toUri().toString());
    return SparkSession.builder().config(conf).getOrCreate();
  }

  /** The JVM keeps the first of each kind. */
  private static void forgetFileSystems() {
    try {
      FileSystem.closeAll();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path folder(String name) {
    try {
      return Files.createTempDirectory("spark-diffusion-" + name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
