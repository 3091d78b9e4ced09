package io.sparkdiffusion.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkdiffusion.spark.job.JobRuns;
import io.sparkdiffusion.spark.output.OutputFolder;
import io.sparkdiffusion.spark.output.ResultStore;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page of a result whose images are in rows alone. */
class ThumbnailsTest {

  private static final String IN_ROWS = "output_format=parquet";

  @TempDir private Path folder;

  private static String rows(int from, int to) {
    return "id,prompt\n"
        + IntStream.range(from, to)
            .mapToObj(i -> "%03d,fox %d\n".formatted(i, i))
            .collect(Collectors.joining());
  }

  /** A table's rows can be read by its catalog alone. */
  @ParameterizedTest
  @ValueSource(strings = {JobRuns.FOLDER, JobRuns.ICEBERG, JobRuns.DELTA})
  void showEachImageOfTheRows(String store) throws IOException {
    JobRuns runs = new JobRuns(folder, store, "out {a} b");
    runs.prompts(rows(0, 70) + "bad,\n");
    runs.run(IN_ROWS);

    PageData page = PageData.of(runs.output);
    JsonNode sheets = page.data().get("sheets");
    assertThat(sheets).hasSize(2);
    assertThat(sheets.get(1).get(1).asInt()).isEqualTo(6 * 192);
    Map<String, BufferedImage> images = new HashMap<>();
    for (Row row : runs.rows().filter("status = 'generated'").collectAsList()) {
      byte[] png = row.<Row>getAs("image").getAs("bytes");
      images.put(row.getAs("id"), ImageIO.read(new ByteArrayInputStream(png)));
    }
    for (int i = 0; i < 70; i++) {
      assertThat(page.value(i, "path").isNull()).isTrue();
      BufferedImage shown = part(runs.output, sheets, page.value(i, "thumbnail"));
      assertThat(nearest(shown, images)).isEqualTo(page.value(i, "id").asText());
    }
    assertThat(page.value(70, "thumbnail").isNull()).as("a failed row").isTrue();
  }

  /** JPEG blurs the colours of noise, but it stays nearer to itself than to another. */
  private static String nearest(BufferedImage shown, Map<String, BufferedImage> images) {
    return images.entrySet().stream()
        .min(Comparator.comparingLong(image -> difference(shown, image.getValue())))
        .orElseThrow()
        .getKey();
  }

  private static BufferedImage part(Path output, JsonNode sheets, JsonNode thumbnail)
      throws IOException {
    Path sheet = output.resolve(sheets.get(thumbnail.get(0).asInt()).get(0).asText());
    return ImageIO.read(sheet.toFile())
        .getSubimage(
            thumbnail.get(1).asInt(),
            thumbnail.get(2).asInt(),
            thumbnail.get(3).asInt(),
            thumbnail.get(4).asInt());
  }

  private static long difference(BufferedImage one, BufferedImage other) {
    assertThat(List.of(one.getWidth(), one.getHeight()))
        .isEqualTo(List.of(other.getWidth(), other.getHeight()));
    long sum = 0;
    for (int y = 0; y < one.getHeight(); y++) {
      for (int x = 0; x < one.getWidth(); x++) {
        for (int bits = 0; bits <= 16; bits += 8) {
          int first = (one.getRGB(x, y) >> bits) & 0xff;
          sum += Math.abs(first - ((other.getRGB(x, y) >> bits) & 0xff));
        }
      }
    }
    return sum;
  }

  @Test
  void areMadeOnceAndRemovedWithTheirImages() throws IOException {
    JobRuns runs = new JobRuns(folder, JobRuns.FOLDER);
    runs.prompts(rows(0, 70));
    runs.run(IN_ROWS);
    List<String> before = runs.names("thumbnails");
    assertThat(before).hasSize(2);
    String first = PageData.of(runs.output).data().get("sheets").get(0).get(0).asText();
    FileTime longAgo = FileTime.from(Instant.EPOCH);
    Files.setLastModifiedTime(runs.output.resolve(first), longAgo);
    Files.writeString(runs.output.resolve("thumbnails/somebody.txt"), "mine");

    runs.prompts(rows(0, 71));
    runs.run(IN_ROWS);
    assertThat(Files.getLastModifiedTime(runs.output.resolve(first))).isEqualTo(longAgo);
    assertThat(runs.names("thumbnails"))
        .hasSize(3)
        .contains(first.substring("thumbnails/".length()), "somebody.txt")
        .isNotEqualTo(before);
  }

  @Test
  void areNotNeededWhereImagesAreFiles() throws IOException {
    JobRuns runs = new JobRuns(folder, JobRuns.FOLDER);
    runs.prompts(rows(0, 2));
    runs.run("output_format=both");
    assertThat(runs.output.resolve("thumbnails")).doesNotExist();
    assertThat(PageData.of(runs.output).value(0, "thumbnail").isNull()).isTrue();
  }

  /** Of many rows the first are shown, which lie in files with others: some files are read. */
  @Test
  void readFilesUpToALimitWhereMoreRowsAreThereThanShown() throws IOException {
    JobRuns runs = new JobRuns(folder, JobRuns.FOLDER);
    runs.prompts(rows(0, 6));
    runs.run(IN_ROWS, "commit_group_images=2");
    Map<String, String> files = new LinkedHashMap<>();
    runs.spark
        .read()
        .parquet(runs.output.resolve("rows").toString())
        .selectExpr("sha256", "input_file_name()")
        .collectAsList()
        .forEach(row -> files.put(row.getString(0), row.getString(1)));
    long one = Files.size(Path.of(URI.create(files.values().iterator().next())));
    assertThat(files.values().stream().distinct().count()).isGreaterThan(2);
    try (OutputFolder output = runs.open()) {
      ResultStore store = runs.store(output);
      List<String> read = new ThumbnailSource(store, false, one + 1).readable(files);
      assertThat(read).hasSizeLessThan(files.size()).isNotEmpty();
      assertThat(read.stream().map(files::get).distinct()).hasSize(1);
      assertThat(new ThumbnailSource(store, true, 1).readable(files)).hasSize(6);
    }
  }
}
