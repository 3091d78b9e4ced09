package io.sparkdiffusion.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The data of the kernel page, docs/kernels.json, has what it must of each pass. */
class KernelRowsTest {

  @Test
  void eachPassHasExactlyOneRow() throws IOException {
    List<String> rows = new ArrayList<>();
    for (JsonNode row : new ObjectMapper().readTree(Path.of("docs/kernels.json").toFile())) {
      if (row.path("kind").asText().equals("pass")) {
        rows.add(row.path("kernel").asText());
      }
    }
    assertThat(rows)
        .containsExactlyInAnyOrderElementsOf(Target.allPasses().stream().map(Pass::name).toList());
  }
}
