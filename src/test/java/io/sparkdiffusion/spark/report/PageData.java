package io.sparkdiffusion.spark.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;

/** What an output folder's page shows. */
record PageData(JsonNode data) {

  private static final String BEGIN = "<script id=\"data\" type=\"application/json\">";

  /** As a browser cuts it out: to the first thing that ends a script. */
  static PageData of(Path output) throws IOException {
    String html = Files.readString(output.resolve("index.html"));
    String after = html.substring(html.indexOf(BEGIN) + BEGIN.length());
    return new PageData(
        new ObjectMapper().readTree(after.substring(0, after.indexOf("</script>"))));
  }

  JsonNode value(int row, String column) {
    return data.get("rows").get(row).get(texts(data.get("columns")).indexOf(column));
  }

  List<String> ids() {
    return StreamSupport.stream(data.get("rows").spliterator(), false)
        .map(row -> row.get(0).asText())
        .toList();
  }

  private static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }
}
