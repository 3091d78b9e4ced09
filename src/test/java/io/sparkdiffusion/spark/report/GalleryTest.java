package io.sparkdiffusion.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.sparkdiffusion.spark.job.GenerateJob;
import io.sparkdiffusion.spark.job.JobRuns;
import io.sparkdiffusion.spark.output.OutputFolder;
import io.sparkdiffusion.spark.plan.ManyImages;
import io.sparkdiffusion.spark.table.BothSparks;
import io.sparkdiffusion.testing.FakeModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.apache.spark.sql.execution.QueryExecution;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.util.QueryExecutionListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GalleryTest {

  @TempDir private Path folder;

  private JobRuns runs() {
    return new JobRuns(folder, JobRuns.FOLDER);
  }

  @Test
  void showsTheNewestOfEachImageAndItsCommand() throws IOException {
    JobRuns runs = runs();
    runs.prompts("id,prompt,seed\na,a </script><b>fox</b>,9007199254740993\nb,owl,many\n");
    runs.run();
    runs.run("num_inference_steps=4");

    PageData page = PageData.of(runs.output);
    assertThat(page.data().get("left_out").asInt()).isZero();
    assertThat(page.data().get("rows")).hasSize(2);
    assertThat(page.value(0, "prompt").asText()).isEqualTo("a </script><b>fox</b>");
    assertThat(page.value(0, "num_inference_steps").asInt()).isEqualTo(4);
    assertThat(runs.output.resolve(page.value(0, "path").asText())).exists();
    assertThat(page.value(0, "command").asText())
        .contains(
            "'prompt=a </script><b>fox</b>'", " seed=9007199254740993 ", " num_inference_steps=4 ");
    assertThat(page.value(0, "seed")).isEqualTo(TextNode.valueOf("9007199254740993"));
    assertThat(page.value(1, "error").asText()).contains("seed");
    assertThat(page.value(1, "command").isNull()).isTrue();
  }

  /** Of a folder that has been gone on with, by a table whose rows are moved, new and gone. */
  @Test
  void keepsTheOrderOfTheTable() throws IOException {
    JobRuns runs = runs();
    runs.prompts("id,prompt,num_images\nm,fox,\nz,owl,2\na,hare,\nk,bad,many\n");
    runs.run();
    assertThat(PageData.of(runs.output).ids()).containsExactly("m", "z", "z", "a", "k");

    runs.prompts("id,prompt,num_images\nq,new,\nz,owl,2\nm,fox,\n");
    GenerateJob.Result second = runs.run();
    assertThat(second.counts().generated()).isEqualTo(1);
    PageData page = PageData.of(runs.output);
    assertThat(page.ids()).containsExactly("q", "z", "z", "m", "a", "k");
    assertThat(page.value(2, "image_index").asInt()).isEqualTo(1);
  }

  /** Spark sorts texts by their bytes and reads large files in parts. */
  @Test
  void keepsTheOrderOfManyRows() throws IOException {
    JobRuns runs = runs();
    StringBuilder csv = new StringBuilder("id,prompt\n");
    IntStream.range(0, 300).forEach(i -> csv.append((i * 7919) % 300).append(",fox\n"));
    runs.prompts(csv.toString());
    runs.run("output_format=png", "commit_group_images=40");
    assertThat(PageData.of(runs.output).ids())
        .containsExactlyElementsOf(
            IntStream.range(0, 300).mapToObj(i -> String.valueOf((i * 7919) % 300)).toList());
  }

  @Test
  void tellsHowManyImagesItLeavesOut() throws IOException {
    JobRuns runs = runs();
    runs.prompts("id,prompt\nc,hare\na,fox\nb,owl\n");
    writePageOf(2, runs, runs.run("gallery=false"));
    PageData page = PageData.of(runs.output);
    assertThat(page.data().get("left_out").asInt()).isEqualTo(1);
    assertThat(page.ids()).containsExactly("c", "a");
  }

  private static void writePageOf(int images, JobRuns runs, GenerateJob.Result made)
      throws IOException {
    Gallery few =
        new Gallery(
            new Gallery.Run(runs.settings(), FakeModel.named("x"), made.counts(), made.seconds()),
            new ManyImages(
                runs.spark
                    .read()
                    .option("header", true)
                    .csv(runs.promptsFile())
                    .selectExpr("id", "0 AS image_index", "CAST(NULL AS INT) AS table_partition")),
            Optional.empty(),
            images);
    try (OutputFolder output = runs.open()) {
      few.write(runs.store(output), output);
    }
  }

  /** Of all rows what tells them apart, of the shown ones' files all that the page says. */
  @Test
  void readsLittleOfWhatItDoesNotShow() throws Exception {
    JobRuns runs = runs();
    runs.prompts("id,prompt\nc,hare\n");
    runs.run("gallery=false");
    runs.prompts("id,prompt\nc,hare\na,fox\nb,owl\n");
    GenerateJob.Result made = runs.run("gallery=false");
    Queries queries = new Queries();
    runs.spark.listenerManager().register(queries);
    try {
      writePageOf(1, runs, made);
      runs.spark.sparkContext().listenerBus().waitUntilEmpty();
    } finally {
      runs.spark.listenerManager().unregister(queries);
    }
    assertThat(PageData.of(runs.output).ids()).containsExactly("c");
    List<String> plans = queries.seen.stream().map(Query::plan).toList();
    assertThat(plans)
        .anyMatch(p -> p.contains("ReadSchema: struct<id:string,image_index:int,run_id:string>"));
    assertThat(queries.seen)
        .filteredOn(query -> query.plan().contains("negative_prompt"))
        .extracting(Query::files)
        .containsExactly(1L);
  }

  /**
   * A query of Spark's.
   *
   * @param files that it has read, where its plan says so
   */
  private record Query(String plan, long files) {}

  private static final class Queries implements QueryExecutionListener {

    private final List<Query> seen = new CopyOnWriteArrayList<>();

    @Override
    public void onSuccess(String action, QueryExecution query, long nanoseconds) {
      SparkPlan plan = query.executedPlan();
      long files =
          BothSparks.list(plan.collectLeaves()).stream()
              .filter(leaf -> leaf.metrics().contains("numFiles"))
              .mapToLong(leaf -> leaf.metrics().apply("numFiles").value())
              .sum();
      seen.add(new Query(plan.toString(), files));
    }

    @Override
    public void onFailure(String action, QueryExecution query, Exception failure) {}
  }

  @Test
  void saysWhichModelHasMadeThemAndWhen() throws IOException {
    JobRuns runs = runs();
    runs.prompts("id,prompt\na,fox\n");
    GenerateJob.Result made = runs.run();
    JsonNode run = PageData.of(runs.output).data().get("run");
    assertThat(run.get("name").asText()).isEqualTo("job");
    assertThat(run.get("model").asText()).isEqualTo("job runs");
    assertThat(run.get("finished").asText()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ");
    assertThat(run.get("generated").asLong()).isEqualTo(1);
    assertThat(run.get("seconds").asDouble()).isEqualTo(made.seconds().wall());
  }

  @Test
  void canBeLeftOut() throws IOException {
    JobRuns runs = runs();
    runs.prompts("id,prompt\na,fox\n");
    runs.run("gallery=false", "output_format=parquet");
    assertThat(runs.output.resolve("index.html")).doesNotExist();
    assertThat(runs.output.resolve("thumbnails")).doesNotExist();
  }
}
