package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
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
    runs.prompts("id,prompt,seed\na,a </script><b>fox</b>,7\nb,owl,many\n");
    runs.run();
    runs.run("num_inference_steps=4");

    JsonNode data = data();
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
        .contains("'prompt=a </script><b>fox</b>'", " seed=7 ", " num_inference_steps=4 ");
    JsonNode failed = data.get("rows").get(1);
    assertThat(failed.get(columns.indexOf("error")).asText()).contains("seed");
    assertThat(failed.get(columns.indexOf("command")).isNull()).isTrue();
  }

  @Test
  void canBeLeftOut() throws IOException {
    JobRuns runs = new JobRuns(folder, JobRuns.FOLDER);
    runs.prompts("id,prompt\na,fox\n");
    runs.run("gallery=false");
    assertThat(runs.output.resolve("index.html")).doesNotExist();
  }

  /** As a browser cuts it out: to the first thing that ends a script. */
  private JsonNode data() throws IOException {
    String html = Files.readString(folder.resolve("out/index.html"));
    String after = html.substring(html.indexOf(DATA) + DATA.length());
    return new ObjectMapper().readTree(after.substring(0, after.indexOf("</script>")));
  }
}
