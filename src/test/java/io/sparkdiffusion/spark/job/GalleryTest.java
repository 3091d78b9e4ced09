package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import io.sparkdiffusion.testing.FakeModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GalleryTest {

  private static final String DATA = "<script id=\"data\" type=\"application/json\">";

  @TempDir private Path folder;

  @Test
  void showsTheNewestOfEachImageAndItsCommand() throws IOException {
    JobRuns runs = new JobRuns(folder, JobRuns.FOLDER);
    runs.prompts("id,prompt,seed\na,a </script><b>fox</b>,9007199254740993\nb,owl,many\n");
    runs.run();
    runs.run("num_inference_steps=4");

    JsonNode data = data(Files.readString(folder.resolve("out/index.html")));
    List<String> columns =
        StreamSupport.stream(data.get("columns").spliterator(), false)
            .map(JsonNode::asText)
            .toList();
    assertThat(data.get("left_out").asInt()).isZero();
    assertThat(data.get("rows")).hasSize(2);
    JsonNode picture = data.get("rows").get(0);
    assertThat(picture.get(columns.indexOf("prompt")).asText()).isEqualTo("a </script><b>fox</b>");
    assertThat(picture.get(columns.indexOf("num_inference_steps")).asInt()).isEqualTo(4);
    assertThat(runs.output.resolve(picture.get(columns.indexOf("path")).asText())).exists();
    assertThat(picture.get(columns.indexOf("command")).asText())
        .contains(
            "'prompt=a </script><b>fox</b>'", " seed=9007199254740993 ", " num_inference_steps=4 ");
    assertThat(picture.get(columns.indexOf("seed")))
        .isEqualTo(TextNode.valueOf("9007199254740993"));
    JsonNode failed = data.get("rows").get(1);
    assertThat(failed.get(columns.indexOf("error")).asText()).contains("seed");
    assertThat(failed.get(columns.indexOf("command")).isNull()).isTrue();
  }

  @Test
  void tellsHowManyPicturesItLeavesOut() throws IOException {
    JobRuns runs = new JobRuns(folder, JobRuns.FOLDER);
    runs.prompts("id,prompt\nc,hare\na,fox\nb,owl\n");
    runs.run("gallery=false");

    Gallery two = new Gallery(runs.settings(), FakeModel.named("x"), 2);
    JsonNode data = data(two.html(runs.rows()));
    assertThat(data.get("left_out").asInt()).isEqualTo(1);
    assertThat(data.get("rows")).extracting(row -> row.get(0).asText()).containsExactly("a", "b");
  }

  @Test
  void canBeLeftOut() throws IOException {
    JobRuns runs = new JobRuns(folder, JobRuns.FOLDER);
    runs.prompts("id,prompt\na,fox\n");
    runs.run("gallery=false");
    assertThat(runs.output.resolve("index.html")).doesNotExist();
  }

  /** As a browser cuts it out: to the first thing that ends a script. */
  private static JsonNode data(String html) throws IOException {
    String after = html.substring(html.indexOf(DATA) + DATA.length());
    return new ObjectMapper().readTree(after.substring(0, after.indexOf("</script>")));
  }
}
