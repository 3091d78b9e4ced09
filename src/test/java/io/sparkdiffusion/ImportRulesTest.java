package io.sparkdiffusion;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The packages import one another as this table says, one way only, and use what they may. */
class ImportRulesTest {

  private static final List<Path> SOURCES =
      List.of(Path.of("src/main/java"), Path.of("src/djl-spark/java"));

  private static final Pattern IMPORT = Pattern.compile("^import (?:static )?([\\w.]+);");
  private static final Pattern OURS =
      Pattern.compile("io\\.sparkdiffusion\\.(?:((?:[a-z]\\w*\\.)*[a-z]\\w*)\\.)?[A-Z].*");

  /** By the beginning of what is imported. */
  private static final Map<String, String> LIBRARIES =
      Map.ofEntries(
          Map.entry("com.fasterxml.jackson.", "Jackson"),
          Map.entry("ai.djl.", "DJL"),
          Map.entry("com.sun.jna.", "JNA"),
          Map.entry("jdk.jfr.", "JFR"),
          Map.entry("org.slf4j.", "SLF4J"),
          Map.entry("org.apache.spark.", "Spark"),
          Map.entry("org.apache.hadoop.", "Hadoop"),
          Map.entry("org.apache.parquet.", "Parquet"),
          Map.entry("com.codahale.metrics.", "Metrics"),
          Map.entry("scala.", "Scala"),
          Map.entry("picocli.", "picocli"),
          Map.entry("org.msgpack.", "msgpack"));

  /** Each package with all that it imports beside the JDK, from the bottom up. */
  private static final String TABLE =
      """
      util:
      sampler: util
      request: util sampler
      noise:
      config: util request sampler Jackson
      metadata: util config request sampler
      image: util metadata
      graph:
      kernel: graph
      torch: graph kernel util DJL JNA JFR
      hub: config
      weights: util config graph msgpack
      adapter: util config graph weights
      text: util config graph weights DJL
      unet: graph weights
      vae: graph weights
      family: config request sampler graph weights adapter text unet vae
      pipeline: config request image sampler noise util graph kernel torch adapter text unet vae family
      bench: config request sampler image util graph kernel torch weights adapter text unet vae family pipeline
      spark.table: util config request image Spark Hadoop Parquet Scala
      spark.device: config torch Spark
      spark.model: util config request sampler metadata torch weights adapter family pipeline hub spark.device Hadoop SLF4J
      spark.output: util config request image spark.table Jackson Spark Hadoop Scala SLF4J
      spark.plan: config request sampler metadata spark.table spark.model spark.output Spark Scala
      spark.executor: config request metadata image util kernel torch pipeline spark.table spark.device \
      spark.model \
      spark.output spark.plan Spark Hadoop Metrics SLF4J
      spark.report: util config request metadata image spark.table spark.model spark.output spark.plan spark.executor \
      Jackson Spark Hadoop Scala SLF4J
      spark.ml: config request spark.table spark.model spark.output spark.plan spark.executor Spark Scala
      spark.job: config request spark.table spark.model spark.output spark.plan spark.executor spark.report \
      Spark Hadoop Scala SLF4J
      cli: config request metadata image sampler kernel weights family spark.table spark.model spark.output \
      spark.plan Spark Hadoop Scala picocli
      djl: config spark.ml DJL Spark Scala
      : config metadata cli spark.device spark.output spark.plan spark.executor spark.report spark.job \
      Spark SLF4J picocli
      """;

  @Test
  void everyPackageImportsWhatTheTableSays() throws IOException {
    assertThat(lines(imports())).containsExactlyInAnyOrderElementsOf(lines(table()));
  }

  @Test
  void importsGoOneWay() {
    TreeSet<String> below = new TreeSet<>(LIBRARIES.values());
    TABLE
        .lines()
        .map(line -> line.split(":", 2))
        .forEach(
            line -> {
              assertThat(below).as("below %s", line[0]).containsAll(names(line[1]));
              below.add(line[0]);
            });
  }

  /** For each package one line, so that a difference is easily seen. */
  private static List<String> lines(Map<String, Set<String>> all) {
    return all.entrySet().stream()
        .map(one -> "'%s': %s".formatted(one.getKey(), String.join(" ", one.getValue())))
        .toList();
  }

  private static Map<String, Set<String>> table() {
    return TABLE
        .lines()
        .map(line -> line.split(":", 2))
        .collect(toMap(line -> line[0], line -> names(line[1]), (a, b) -> a, TreeMap::new));
  }

  private static Set<String> names(String text) {
    return text.isBlank() ? Set.of() : new TreeSet<>(Set.of(text.strip().split(" +")));
  }

  private static Map<String, Set<String>> imports() throws IOException {
    Map<String, Set<String>> all = new TreeMap<>();
    for (Path sources : SOURCES) {
      Path root = sources.resolve("io/sparkdiffusion");
      try (Stream<Path> files = Files.walk(root)) {
        for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
          Path folder = root.relativize(file).getParent();
          String from = folder == null ? "" : folder.toString().replace('/', '.');
          Set<String> imported = all.computeIfAbsent(from, name -> new TreeSet<>());
          Files.readAllLines(file).forEach(line -> add(imported, line));
          imported.remove(from);
        }
      }
    }
    return all;
  }

  private static void add(Set<String> imported, String line) {
    Matcher matcher = IMPORT.matcher(line);
    if (matcher.find() && !matcher.group(1).matches("javax?\\..*")) {
      imported.add(named(matcher.group(1)));
    }
  }

  private static String named(String imported) {
    Matcher ours = OURS.matcher(imported);
    if (ours.matches()) {
      return ours.group(1) == null ? "" : ours.group(1);
    }
    return LIBRARIES.entrySet().stream()
        .filter(library -> imported.startsWith(library.getKey()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(imported);
  }
}
