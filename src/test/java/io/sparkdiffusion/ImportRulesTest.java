package io.sparkdiffusion;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The packages import one another as this table says, and one way only. */
class ImportRulesTest {

  private static final Path SOURCES = Path.of("src/main/java/io/sparkdiffusion");
  private static final Pattern IMPORT = Pattern.compile("^import (?:static )?([\\w.]+);");

  private static final String JACKSON = "com.fasterxml.jackson.";
  private static final String DJL = "ai.djl.";
  private static final String JNA = "com.sun.jna.";
  private static final String SLF4J = "org.slf4j.";
  private static final String SPARK = "org.apache.spark.";
  private static final String HADOOP = "org.apache.hadoop.";
  private static final String PARQUET = "org.apache.parquet.";
  private static final String DROPWIZARD = "com.codahale.metrics.";
  private static final String SCALA = "scala.";
  private static final String PICOCLI = "picocli.";
  private static final String MSGPACK = "org.msgpack.";

  private static final Set<String> CORE =
      Set.of("config", "prompt", "scheduler", "metadata", "image", "sink");

  /** For each package, the packages of this project and the libraries that it may import. */
  private static final Map<String, Set<String>> MAY =
      Map.ofEntries(
          Map.entry("config", Set.of(JACKSON)),
          Map.entry("prompt", Set.of()),
          Map.entry("noise", Set.of()),
          Map.entry("scheduler", Set.of()),
          Map.entry("metadata", Set.of("config", "prompt", "scheduler")),
          Map.entry("image", Set.of("metadata")),
          Map.entry("sink", Set.of("image")),
          Map.entry("graph", Set.of(DJL, JNA)),
          Map.entry("hub", Set.of("config")),
          Map.entry("weights", Set.of("config", "graph", MSGPACK)),
          Map.entry("text", Set.of("config", "graph", "weights", DJL)),
          Map.entry("unet", Set.of("config", "graph", "weights")),
          Map.entry("vae", Set.of("config", "graph", "weights")),
          Map.entry(
              "pipeline",
              Set.of(
                  "config",
                  "prompt",
                  "scheduler",
                  "noise",
                  "graph",
                  "weights",
                  "text",
                  "unet",
                  "vae",
                  SLF4J)),
          Map.entry(
              "bench",
              Set.of(
                  "config",
                  "prompt",
                  "scheduler",
                  "image",
                  "graph",
                  "weights",
                  "text",
                  "unet",
                  "vae",
                  "pipeline")),
          Map.entry("spark.table", union(CORE, SPARK, HADOOP, PARQUET, SCALA, SLF4J)),
          Map.entry(
              "spark.executor",
              union(
                  CORE,
                  "hub",
                  "pipeline",
                  "weights",
                  "graph",
                  SPARK,
                  DROPWIZARD,
                  HADOOP,
                  SCALA,
                  SLF4J)),
          Map.entry("spark", union(CORE, "spark.table", "spark.executor", SPARK, HADOOP, SCALA)),
          Map.entry(
              "spark.job",
              union(
                  CORE,
                  "pipeline",
                  "weights",
                  "graph",
                  "spark",
                  "spark.table",
                  "spark.executor",
                  JACKSON,
                  SPARK,
                  HADOOP,
                  SCALA,
                  SLF4J)),
          Map.entry(
              "", union(CORE, "spark.executor", "spark.job", "bench", SPARK, SLF4J, PICOCLI)));

  private static Set<String> union(Set<String> core, String... more) {
    return Stream.concat(core.stream(), Stream.of(more))
        .collect(java.util.stream.Collectors.toSet());
  }

  @Test
  void everyPackageImportsOnlyWhatItMay() throws IOException {
    List<String> broken = new ArrayList<>();
    try (Stream<Path> files = Files.walk(SOURCES)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        Path folder = SOURCES.relativize(file).getParent();
        String from = folder == null ? "" : folder.toString().replace('/', '.');
        assertThat(MAY).as("the table must know package '%s'", from).containsKey(from);
        for (String line : Files.readAllLines(file)) {
          Matcher matcher = IMPORT.matcher(line);
          if (matcher.find() && !allowed(from, matcher.group(1))) {
            broken.add(file + ": " + matcher.group(1));
          }
        }
      }
    }
    assertThat(broken).as("imports against the table").isEmpty();
  }

  private static boolean allowed(String from, String imported) {
    if (imported.startsWith("java.") || imported.startsWith("javax.")) {
      return true;
    }
    return MAY.get(from).stream().anyMatch(may -> covers(may, imported)) || covers(from, imported);
  }

  private static boolean covers(String allowed, String imported) {
    return allowed.endsWith(".")
        ? imported.startsWith(allowed)
        : imported.matches("io\\.sparkdiffusion\\." + Pattern.quote(allowed) + "\\.[A-Z].*");
  }
}
