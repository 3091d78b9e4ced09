package io.sparkdiffusion.request;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.Requests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShippedTableTest {

  private static final Values JOB =
      Requests.job(
          Parameters.NUM_INFERENCE_STEPS.of(20), Parameters.HEIGHT.of(64), Parameters.WIDTH.of(64));

  private static final Pattern CELL = Pattern.compile("(?:^|,)(?:\"([^\"]*)\"|([^,]*))");

  @ParameterizedTest
  @ValueSource(strings = {"prompts.csv", "tiny_prompts.csv"})
  void hasVariedRowsThatAllMakeImages(String table) throws IOException {
    List<String> lines = Files.readAllLines(Path.of("configs", table));
    List<String> columns = cells(lines.get(0));
    Set<String> ids = new HashSet<>();
    Set<List<?>> images = new HashSet<>();
    for (String line : lines.subList(1, lines.size())) {
      RowRequests requests = RowRequests.of(row(columns, cells(line)), JOB);

      assertThat(requests).as(line).isInstanceOf(RowRequests.Valid.class);
      ImageRequest request = ((RowRequests.Valid) requests).requests().get(0);
      ids.add(request.id());
      images.add(List.of(request.prompt(), request.negativePrompt(), request.guidanceScale()));
    }

    assertThat(Parameters.columns()).containsAll(columns);
    assertThat(lines).hasSizeGreaterThan(24);
    assertThat(ids).hasSize(lines.size() - 1);
    assertThat(images).hasSize(lines.size() - 1);
  }

  private static Map<String, String> row(List<String> columns, List<String> cells) {
    assertThat(cells).as(cells.toString()).hasSameSizeAs(columns);
    Map<String, String> row = new HashMap<>();
    for (int i = 0; i < columns.size(); i++) {
      row.put(columns.get(i), cells.get(i));
    }
    return row;
  }

  private static List<String> cells(String line) {
    List<String> cells = new ArrayList<>();
    Matcher matcher = CELL.matcher(line);
    while (matcher.find()) {
      cells.add(matcher.group(1) == null ? matcher.group(2) : matcher.group(1));
    }
    return cells;
  }
}
