package io.sparkdiffusion.spark.table;

import static io.sparkdiffusion.spark.table.ReadTables.cells;
import static io.sparkdiffusion.spark.table.ReadTables.ids;
import static io.sparkdiffusion.spark.table.ReadTables.prompts;
import static io.sparkdiffusion.spark.table.ReadTables.read;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeneratedIdsTest {

  /** By {@code printf fox | sha256sum} and so on. */
  private static final String FOX =
      "776cb326ab0cd5f0a974c1b9606044d8485201f2db19cf8e3749bdee5f36e200";

  private static final String OWL =
      "10f7127b980b0b06ef157749f8a02cca1c606d22642729dcb2d24dbbf2bf30df";
  private static final String NOTHING =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  @Test
  void namesLinesByTheirPromptsAndHowOftenTheyCame() throws IOException {
    Path file = write("p.txt", "fox\nowl\n\nfox\n   \nfox\r\n");
    assertThat(ids(file)).containsExactlyInAnyOrder(FOX, OWL, FOX + "-2", FOX + "-3");
    Files.writeString(file, "owl\nhare\n", StandardOpenOption.APPEND);
    assertThat(ids(file)).contains(FOX, OWL, FOX + "-2", FOX + "-3", OWL + "-2").hasSize(6);
  }

  @Test
  void givesTheIdsOfTheTransformer() throws IOException {
    Path file = write("p.csv", "prompt,seed\nfox,1\nowl,2\n\"\",3\n,4\n");
    Dataset<Row> rows = spark.read().option("header", true).csv(file.toString());
    PromptTable program =
        PromptTable.of(rows, ReadColumns.find(rows.schema(), Map.of(), List.of("prompt")));
    assertThat(ids(file)).containsExactlyInAnyOrder(FOX, OWL, NOTHING, NOTHING + "-2");
    assertThat(cells(program)).extracting(row -> row.get("id")).contains(FOX, OWL, NOTHING);
  }

  /** Seeds tell rows of the same prompt apart, which must keep their ids however they are read. */
  @Test
  void followsTheOrderOfTheFileWhateverThePartitions() throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 2000; i++) {
      text.append("{\"prompt\": \"fox\", \"seed\": %d}\n".formatted((i * 7919) % 2000));
    }
    Path file = write("p.jsonl", text.toString());
    Map<Object, Object> whole = seedsById(file);
    assertThat(whole)
        .containsEntry(FOX, 0L)
        .containsEntry(FOX + "-2", 1919L)
        .containsEntry(FOX + "-2000", (1999L * 7919) % 2000);
    spark.conf().set("spark.sql.files.maxPartitionBytes", 4000);
    try {
      assertThat(seedsById(file)).isEqualTo(whole);
    } finally {
      spark.conf().unset("spark.sql.files.maxPartitionBytes");
    }
  }

  @Test
  void followsTheColumnsOfATableWithoutAnOrder() {
    spark
        .sql("select 'fox' prompt, seed from values (3), (1), (2) as t(seed)")
        .repartition(3)
        .createOrReplaceTempView("foxes");
    assertThat(seedsById(read("foxes"))).isEqualTo(Map.of(FOX, 1, FOX + "-2", 2, FOX + "-3", 3));
  }

  @Test
  void readsColumnsByOtherNames() throws IOException {
    Path file = write("p.csv", "key,TEXT,WIDTH,status\nk1,fox,333,ok\n");
    PromptTable table =
        read(
            file.toString(), "id_column=key", "prompt_column=TEXT", "ignore_columns=WIDTH, status");
    assertThat(cells(table)).containsExactly(Map.of("id", "k1", "prompt", "fox"));
    assertThat(table.columns().passedThrough()).isEmpty();
    assertThat(prompts(file, "prompt_column=TEXT", "ignore_columns=WIDTH,status"))
        .containsExactly("fox");
    ReadTables.assertRefused(
        file,
        """
        Cannot use column WIDTH of prompts FILE: names are in small letters, rename it to width or\
         name it in ignore_columns
        Cannot pass column status of prompts FILE through: the result has a column of that name;\
         rename it or name it in ignore_columns""",
        "id_column=key",
        "prompt_column=TEXT");
    ReadTables.assertRefused(
        file,
        "Cannot use prompts FILE: a column caption must be there, for CSV in a first line of names"
            + " with commas, else set prompt_column (key, TEXT, WIDTH, status)",
        "id_column=key",
        "prompt_column=caption",
        "ignore_columns=WIDTH,status");
  }

  private Map<Object, Object> seedsById(Path file) {
    return seedsById(read(file.toString()));
  }

  private static Map<Object, Object> seedsById(PromptTable table) {
    Map<Object, Object> seeds = new HashMap<>();
    cells(table).forEach(row -> seeds.put(row.get("id"), row.get("seed")));
    return seeds;
  }

  private Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }
}
