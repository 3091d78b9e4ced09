package io.sparkdiffusion.spark.table;

import static io.sparkdiffusion.spark.table.ReadTables.assertRefused;
import static io.sparkdiffusion.spark.table.ReadTables.ids;
import static io.sparkdiffusion.spark.table.ReadTables.prompts;
import static io.sparkdiffusion.spark.table.ReadTables.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.TableFormat;
import io.sparkdiffusion.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.util.VersionInfo;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptPathTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "prompts [v2]",
        "prompts 12:30",
        "[a] 12:30",
        "prompts 50%25 #1",
        "a{b,c}?",
        "*",
        "back\\slash",
        "ü + ñ"
      })
  void takesNamesAsTheyStand(String name) throws IOException {
    Files.writeString(folder.resolve("a.csv"), "id,prompt\nother,owl\n");
    Path csv = Files.writeString(folder.resolve(name + ".csv"), "id,prompt\na,fox\n");
    assertThat(prompts(csv)).containsExactly("fox");
    Path json =
        Files.writeString(folder.resolve(name + ".jsonl"), "{\"id\":\"a\",\"prompt\":\"fox\"}\n");
    assertThat(prompts(json)).containsExactly("fox");
    Path text = Files.writeString(folder.resolve(name + ".txt"), "fox\n");
    assertThat(prompts(text)).containsExactly("fox");
    Path parquet = folder.resolve(name + ".parquet");
    Files.copy(written().resolve(onlyFile(written())), parquet);
    assertThat(prompts(parquet)).containsExactly("fox");
  }

  @Test
  void takesOthersForPatterns() throws IOException {
    Files.writeString(folder.resolve("p1.csv"), "id,prompt\na,fox\n");
    Files.writeString(folder.resolve("p2.csv"), "id,prompt\nb,owl\n");
    Files.writeString(folder.resolve("q.csv"), "id,prompt\nc,hare\n");
    for (String pattern : new String[] {"p*.csv", "p[12].csv", "{p1,p2}.csv", "p?.csv"}) {
      assertThat(ids(folder.resolve(pattern))).containsExactly("a", "b");
    }
    assertThat(read("file:" + folder + "/p1.csv").rows().count()).isEqualTo(1);
  }

  @Test
  void saysFirstThatAFileIsMissing() {
    SparkConf conf = new SparkConf();
    for (String name :
        new String[] {"p.csv", "p.parquet", "p[1].jsonl", "p 12:30.txt", "no/p.tsv"}) {
      Path file = folder.resolve(name);
      String line = "Cannot read prompts FILE: the file must exist (missing)";
      assertRefused(file, line);
      InputConfig.Table table = new InputConfig.Table(file.toString(), TableFormat.AUTO);
      assertThatThrownBy(() -> PromptTable.requireLocal(table, conf))
          .isInstanceOf(ProblemsException.class)
          .hasMessage(line.replace("FILE", file.toString()));
    }
    for (String elsewhere : new String[] {"s3a://bucket/p.csv", "hdfs://host/p", "lake.prompts"}) {
      InputConfig.Table table = new InputConfig.Table(elsewhere, TableFormat.AUTO);
      assertThatCode(() -> PromptTable.requireLocal(table, conf)).doesNotThrowAnyException();
    }
    assertRefused(
        "s3a://bucket/p.csv",
        "Cannot use prompts FILE: Spark must have the file system, add it with -- --packages"
            + " org.apache.hadoop:hadoop-aws:"
            + VersionInfo.getVersion()
            + " (s3a)");
    assertRefused(
        "s4a://bucket/p.csv",
        "Cannot read prompts FILE: Hadoop must know its file system (No FileSystem for scheme"
            + " \"s4a\")");
  }

  private Path written() {
    Path table = folder.resolve("written");
    if (!Files.exists(table)) {
      LocalSpark.session()
          .sql("select 'a' id, 'fox' prompt")
          .coalesce(1)
          .write()
          .parquet(table.toString());
    }
    return table;
  }

  private static String onlyFile(Path table) throws IOException {
    try (var files = Files.list(table)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("part-"))
          .findFirst()
          .orElseThrow();
    }
  }
}
