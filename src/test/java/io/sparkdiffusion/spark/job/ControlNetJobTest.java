package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.image.Canny;
import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.util.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From tables with control images to images, with the real networks, small. */
class ControlNetJobTest {

  private static final String SHORT = "num_inference_steps=2";

  private final PipelineCase run =
      PipelineCase.controlled().stream()
          .filter(one -> one.name().equals("v21-two"))
          .findFirst()
          .orElseThrow();
  private final ReferenceFile numbers = ReferenceModels.numbers(run.numbers());
  private final String controlNets =
      "%s:0.5,%s"
          .formatted(
              PipelineCase.CONTROL_NETS.resolve("v21"),
              PipelineCase.CONTROL_NETS.resolve("v21_second"));

  @TempDir private Path folder;
  private ImageJobs jobs;

  @BeforeEach
  void write() throws IOException {
    jobs = ImageJobs.of(folder, run);
    for (int row = 0; row < run.requests().size(); row++) {
      for (int place = 0; place < 2; place++) {
        Files.write(folder.resolve("row%s-%s.png".formatted(row, place)), png(row, place));
      }
    }
  }

  /** The file of what a ControlNet looks at for a row. */
  private byte[] png(int row, int place) {
    ImageRequest request = run.requests().get(row);
    byte[] all = numbers.bytes("control/%s/64x64".formatted(place));
    byte[] rgb = ImageJobs.part(all, row, run.requests().size());
    return ImageJobs.png(request.widthPixels(), request.heightPixels(), rgb);
  }

  @Test
  void imagesEqualDiffusersWhereverControlImagesAreAndHoweverTheTableIsDivided()
      throws IOException {
    Map<String, Row> ofPaths = run("paths", csv("paths", "row0", "row1"), controlNets);
    ImageJobs.assertEqualToDiffusers(run, ofPaths);
    Row first = ofPaths.get("row0");
    assertThat(first.<String>getAs("control_image")).endsWith("/row0-0.png");
    assertThat(first.<String>getAs("control_image_2_sha256")).isEqualTo(Sha256.of(png(0, 1)));
    assertThat(first.<Double>getAs("controlnet_conditioning_scale")).isEqualTo(1.0);
    assertThat(first.<String>getAs("init_image")).isNull();

    Map<String, Row> ofBytes = run("bytes", parquet("bytes", 2), controlNets);
    ImageJobs.assertSame(ofBytes, ofPaths, "sha256", "request_hash", "control_image_sha256");
  }

  @Test
  void whatDecidesAnImageIsInItsHashAndTold() throws IOException {
    Path table =
        jobs.csv(
            "told",
            """
            id,prompt,seed,control_image,control_image_2,controlnet_conditioning_scale,control_guidance_end
            usual,fox,1,row0-0.png,row0-1.png,,
            scale,fox,1,row0-0.png,row0-1.png,0.9,
            range,fox,1,row0-0.png,row0-1.png,,0.5
            image,fox,1,row0-0.png,row1-1.png,,
            """);
    List<Row> made = new ArrayList<>(run("told", table, controlNets, SHORT).values());
    Row other = run("weight", table, controlNets.replace(":0.5", ":0.6"), SHORT).get("usual");
    made.add(other);

    assertThat(made).extracting(row -> row.<String>getAs("error")).containsOnlyNulls();
    assertThat(made).extracting(row -> row.<String>getAs("request_hash")).doesNotHaveDuplicates();
    assertThat(made)
        .extracting(row -> row.getStruct(row.fieldIndex("image")).<byte[]>getAs("bytes"))
        .doesNotHaveDuplicates();
    Map<String, Object> model = StrictJson.object(report("told"), "model");
    assertThat(model).containsEntry("controlnets", controlNets);
    assertThat(made.get(0).<String>getAs("provenance")).contains((String) model.get("digest"));
    assertThat(other.<String>getAs("provenance")).doesNotContain((String) model.get("digest"));
    assertThat(Files.readString(jobs.output("told").resolve("index.html")))
        .contains("controlnets=" + controlNets)
        .contains("control_image_2=file:" + folder.resolve("row0-1.png"));
    assertThat(job("told", table, controlNets, SHORT).dryRun().lines())
        .contains("ControlNets: " + controlNets);
  }

  /** What is asked for is the same as what somebody else has made before. */
  @Test
  void edgesAreFoundWhereTheyAreAskedFor() throws IOException {
    RgbImage plain = drawing();
    Files.write(folder.resolve("plain.png"), PngEncoder.encode(plain, List.of()));
    Files.write(folder.resolve("edges.png"), PngEncoder.encode(Canny.edges(plain), List.of()));
    String networks = controlNets.split(",", -1)[0];
    Path table =
        jobs.csv(
            "canny",
            """
            id,prompt,seed,control_image,control_preprocessor
            asked,fox,1,plain.png,canny
            made,fox,1,edges.png,none
            plain,fox,1,plain.png,
            word,fox,1,plain.png,depth
            many,fox,1,plain.png,"canny,none"
            """);

    Map<String, Row> rows = run("canny", table, networks, SHORT);

    Row wrong = rows.remove("word");
    Row many = rows.remove("many");
    Map<String, String> made = ImageJobs.column(rows, "sha256");
    assertThat(made.get("asked")).isNotNull().isEqualTo(made.get("made"));
    assertThat(made.get("asked")).isNotEqualTo(made.get("plain"));
    assertThat(ImageJobs.column(rows, "request_hash").values()).doesNotHaveDuplicates();
    assertThat(wrong.<String>getAs("error"))
        .isEqualTo(
            "Cannot use control_preprocessor: it must be none or canny, or one of them for each ControlNet with commas (depth)");
    assertThat(many.<String>getAs("error"))
        .isEqualTo(
            "Cannot use control_preprocessor: it must be one word, or one for each ControlNet (2 for 1)");
  }

  private static RgbImage drawing() {
    byte[] rgb = new byte[3 * 64 * 64];
    for (int i = 0; i < rgb.length; i++) {
      int x = i / 3 % 64;
      int y = i / 3 / 64;
      rgb[i] = (byte) (x > 20 && x < 40 + y / 4 && y > 10 && y < 50 ? 250 : x + y);
    }
    return new RgbImage(64, 64, rgb);
  }

  @Test
  void whatCannotBeUsedFailsItsRowAlone() throws IOException {
    byte[] other = PngEncoder.encode(new RgbImage(8, 8, new byte[192]), List.of());
    Files.write(folder.resolve("small.png"), other);
    Path table =
        jobs.csv(
            "bad",
            """
            id,prompt,control_image,control_image_2,control_image_3,control_guidance_start
            good,fox,row0-0.png,row0-1.png,,
            gone,fox,gone.png,row0-1.png,,
            small,fox,row0-0.png,small.png,,
            one,fox,row0-0.png,,,
            three,fox,row0-0.png,row0-1.png,row0-1.png,
            late,fox,row0-0.png,row0-1.png,,1
            """);

    Map<String, Row> rows = run("bad", table, controlNets, SHORT);

    assertThat(ImageJobs.error(rows, "good")).isNull();
    assertThat(ImageJobs.error(rows, "gone"))
        .startsWith("Cannot use control_image: its file must exist (missing: ");
    assertThat(ImageJobs.error(rows, "small"))
        .startsWith("Cannot read control_image_2: it must be 64 x 64 pixels, or ");
    assertThat(ImageJobs.error(rows, "one"))
        .isEqualTo(
            "Cannot use controlnets: each must have an image to look at (no control_image_2)");
    assertThat(ImageJobs.error(rows, "three"))
        .isEqualTo("Cannot use control_image_3: controlnets must name what looks at it (2)");
    assertThat(ImageJobs.error(rows, "late"))
        .isEqualTo(
            "Cannot use control_guidance_start: it must be below control_guidance_end (1.0 and 1.0)");
  }

  @Test
  void aControlImageThatNothingLooksAtFailsItsRow() throws IOException {
    Path table = csv("nobody", "row0");
    job("nobody", table, "").models(any -> FakeModel.named("nobody looks")).execute();

    assertThat(jobs.rows("nobody").head().<String>getAs("error"))
        .isEqualTo("Cannot use control_image: controlnets must name what looks at it (none)");
  }

  private Path csv(String name, String... ids) throws IOException {
    StringBuilder lines =
        new StringBuilder("id,prompt,negative_prompt,seed,control_image,control_image_2\n");
    for (ImageRequest one : run.requests()) {
      if (List.of(ids).contains(one.id())) {
        lines.append(
            "%s,\"%s\",\"%s\",%s,%1$s-0.png,%1$s-1.png\n"
                .formatted(one.id(), one.prompt(), one.negativePrompt(), one.seed()));
      }
    }
    return jobs.csv(name, lines.toString());
  }

  private Path parquet(String name, int partitions) {
    StructType schema =
        ImageJobs.ofRequests()
            .add("control_image", DataTypes.BinaryType)
            .add("control_image_2", DataTypes.StringType);
    List<Row> rows = new ArrayList<>();
    for (ImageRequest one : run.requests()) {
      int place = rows.size();
      String second = folder.resolve("row%s-1.png".formatted(place)).toString();
      rows.add(ImageJobs.row(one, one.id(), png(place, 0), second));
    }
    return jobs.parquet(name, partitions, schema, rows);
  }

  private Map<String, Row> run(String name, Path table, String networks, String... more)
      throws IOException {
    String[] all =
        Stream.concat(Stream.of("controlnets=" + networks), Stream.of(more)).toArray(String[]::new);
    return jobs.run(name, table, all);
  }

  private Map<String, Object> report(String name) {
    return StrictJson.read(jobs.output(name).resolve("run.json"));
  }

  private GenerateJob job(String name, Path table, String networks, String... more)
      throws IOException {
    String[] all =
        Stream.concat(Stream.of("prompts=" + table, "controlnets=" + networks), Stream.of(more))
            .toArray(String[]::new);
    return jobs.job(name, all);
  }
}
