package io.sparkdiffusion.spark.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.spark.job.GenerateJob;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.LogTap;
import io.sparkdiffusion.testing.ReferenceModels;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page shows small what images start from. */
class InputImagesTest {

  private static final int RED = 0;
  private static final int GREEN = 1;
  private static final int BLUE = 2;

  @TempDir private Path folder;

  @Test
  void eachImageHasTheOneThatItStartsFromBesideIt() throws IOException {
    draw("red.png", RED, 40, 24);
    draw("green.png", GREEN, 40, 24);
    Files.writeString(
        folder.resolve("prompts.csv"),
        "id,prompt,init_image\na,fox,red.png\nb,fox,green.png\nc,fox,red.png\nd,fox,\n");
    job("pretrained_model_name_or_path=fake", "resolution=16", "init_image_fit=crop")
        .models(any -> FakeModel.named("inputs"))
        .execute();

    PageData page = PageData.of(folder.resolve("out"));
    assertThat(page.ids()).containsExactly("a", "b", "c", "d");
    assertThat(page.value(0, "inputs").size()).isEqualTo(1);
    assertThat(page.value(0, "inputs")).isEqualTo(page.value(2, "inputs"));
    assertThat(page.value(3, "inputs").isEmpty()).isTrue();
    assertThat(colour(page, 0)).isEqualTo(RED);
    assertThat(colour(page, 1)).isEqualTo(GREEN);
    assertThat(page.value(0, "command").asText())
        .contains("init_image_fit=crop strength=0.8", "/red.png");
  }

  /** A quarter of what is made of it, on each side. */
  @Test
  void anImageThatIsUpscaledIsShownAsSmallAsItIs() throws IOException {
    draw("small.png", BLUE, 16, 16);
    Files.writeString(folder.resolve("prompts.csv"), "id,prompt,init_image\na,fox,small.png\n");
    job(
            "pretrained_model_name_or_path=" + ReferenceModels.folder("upscaler"),
            "resolution=64",
            "num_inference_steps=2",
            "weights_dtype=float32")
        .execute();

    PageData page = PageData.of(folder.resolve("out"));
    JsonNode place = page.value(0, "inputs").get("init_image");
    assertThat(List.of(place.get(3).asInt(), place.get(4).asInt())).containsExactly(16, 16);
    assertThat(colour(page, 0)).isEqualTo(BLUE);
  }

  @Test
  void imagesThatTheTableHoldsAreShownToo() throws IOException {
    draw("mask.png", GREEN, 16, 16);
    byte[] red = image(RED, 16, 16);
    table(
        row("a", red, RowFactory.create(image(BLUE, 16, 16), "any")),
        row("b", image(GREEN, 16, 16), RowFactory.create(null, folder.resolve("mask.png") + "")),
        row("c", red, null),
        row("d", null, null));
    inTable().execute();

    PageData page = PageData.of(folder.resolve("out"));
    assertThat(colour(page, 0)).isEqualTo(RED);
    assertThat(colour(page, 0, "mask_image")).isEqualTo(BLUE);
    assertThat(colour(page, 1)).isEqualTo(GREEN);
    assertThat(colour(page, 1, "mask_image")).isEqualTo(GREEN);
    assertThat(page.value(2, "inputs").get("init_image"))
        .isEqualTo(page.value(0, "inputs").get("init_image"));
    assertThat(page.value(2, "inputs").size()).isEqualTo(1);
    assertThat(page.value(3, "inputs").isEmpty()).isTrue();
  }

  /** Which names so many files that Spark plans it. */
  @Test
  void imagesOfALargeTableAreShownToo() throws IOException {
    draw("mask.png", BLUE, 16, 16);
    byte[][] images = {image(RED, 16, 16), image(GREEN, 16, 16)};
    Row mask = RowFactory.create(null, folder.resolve("mask.png").toString());
    int rows = 210;
    table(
        IntStream.range(0, rows)
            .mapToObj(i -> row("row" + i, images[i % 2], mask))
            .toArray(Row[]::new));
    inTable().execute();

    PageData page = PageData.of(folder.resolve("out"));
    assertThat(page.ids()).hasSize(rows);
    for (int i = 0; i < rows; i += 19) {
      assertThat(colour(page, i)).isEqualTo(i % 2 == 0 ? RED : GREEN);
      assertThat(colour(page, i, "mask_image")).isEqualTo(BLUE);
    }
  }

  /** They are read again where they are needed again, of the rows that are still there. */
  @Test
  void laterRunsShowWhatTheTableStillHolds() throws IOException {
    Row a = row("a", image(RED, 16, 16), null);
    Row b = row("b", image(GREEN, 16, 16), null);
    table(a, b);
    inTable().execute();
    List<String> before = thumbnails();
    inTable().execute();
    assertThat(thumbnails()).isEqualTo(before).hasSize(1);

    table(row("c", image(BLUE, 16, 16), null), b);
    inTable().execute();
    PageData page = PageData.of(folder.resolve("out"));
    assertThat(page.ids()).containsExactly("c", "b", "a");
    assertThat(colour(page, 0)).isEqualTo(BLUE);
    assertThat(colour(page, 1)).isEqualTo(GREEN);
    assertThat(page.value(2, "inputs").isEmpty()).isTrue();
    assertThat(thumbnails()).doesNotContainAnyElementsOf(before).hasSize(1);
  }

  /** Not even as an empty place; nor does a run that changes nothing try it again. */
  @Test
  void whatCannotBeReadHasNoPlace() throws IOException {
    table(
        row("a", image(RED, 16, 16), null),
        row("broken", new byte[] {1, 2, 3}, null),
        row("large", image(BLUE, 32, 32), null));
    inTable().execute();
    List<String> before = thumbnails();
    List<String> logged = new ArrayList<>();
    try (LogTap tap = new LogTap(logged)) {
      inTable("max_failed_rows=1.0").execute();
    }

    PageData page = PageData.of(folder.resolve("out"));
    assertThat(page.value(1, "error").asText()).contains("it must be a PNG or JPEG file");
    assertThat(colour(page, 0)).isEqualTo(RED);
    assertThat(page.value(1, "inputs").isEmpty()).isTrue();
    assertThat(page.value(2, "inputs").isEmpty()).isTrue();
    assertThat(thumbnails()).isEqualTo(before);
    assertThat(logged).noneMatch(line -> line.startsWith("Making thumbnails"));
  }

  @Test
  void cardsAndFiltersSayNoHashes() throws IOException {
    table(row("a", image(RED, 16, 16), null));
    List<String> logged = new ArrayList<>();
    try (LogTap tap = new LogTap(logged)) {
      inTable().execute();
    }

    assertThat(logged).contains("Making thumbnails of 1 image");
    PageData page = PageData.of(folder.resolve("out"));
    assertThat(page.data().get("parameters").toString())
        .contains("init_image", "strength")
        .doesNotContain("sha256");
    assertThat(page.data().get("input_images").toString()).contains("mask_image", "depth_image");
    assertThat(page.value(0, "init_image_sha256").asText()).hasSize(64);
  }

  private static Row row(String id, byte[] initImage, Row maskImage) {
    return RowFactory.create(id, "fox", initImage, maskImage);
  }

  /** A table that holds images: files as they are, masks as Hugging Face datasets has them. */
  private void table(Row... rows) {
    StructType file =
        new StructType().add("bytes", DataTypes.BinaryType).add("path", DataTypes.StringType);
    LocalSpark.session()
        .createDataFrame(
            List.of(rows),
            new StructType()
                .add("id", DataTypes.StringType)
                .add("prompt", DataTypes.StringType)
                .add("init_image", DataTypes.BinaryType)
                .add("mask_image", file))
        .coalesce(1)
        .write()
        .mode("overwrite")
        .parquet(folder.resolve("table").toString());
  }

  private GenerateJob inTable(String... more) throws IOException {
    List<String> settings =
        new ArrayList<>(
            List.of(
                "pretrained_model_name_or_path=fake",
                "resolution=16",
                "prompts=" + folder.resolve("table")));
    settings.addAll(List.of(more));
    return job(settings.toArray(String[]::new)).models(any -> FakeModel.named("inputs"));
  }

  private List<String> thumbnails() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("out/thumbnails"))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private GenerateJob job(String... more) throws IOException {
    Path config = Files.writeString(folder.resolve("job.yml"), "run_name: test\n");
    List<String> settings =
        new ArrayList<>(
            List.of(
                "prompts=" + folder.resolve("prompts.csv"),
                "device=cpu",
                "output_dir=" + folder.resolve("out")));
    settings.addAll(List.of(more));
    return new GenerateJob(LocalSpark.session(), JobConfig.load(config, settings));
  }

  private void draw(String name, int channel, int width, int height) throws IOException {
    Files.write(folder.resolve(name), image(channel, width, height));
  }

  /** Of one colour. */
  private static byte[] image(int channel, int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = channel; i < rgb.length; i += 3) {
      rgb[i] = (byte) 250;
    }
    return PngEncoder.encode(new RgbImage(width, height, rgb), List.of());
  }

  private int colour(PageData page, int row) throws IOException {
    return colour(page, row, "init_image");
  }

  /** The channel that the middle of a row's input has in its sheet. */
  private int colour(PageData page, int row, String input) throws IOException {
    JsonNode place = page.value(row, "inputs").get(input);
    String sheet = page.data().get("sheets").get(place.get(0).asInt()).get(0).asText();
    BufferedImage image = ImageIO.read(folder.resolve("out").resolve(sheet).toFile());
    int x = place.get(1).asInt() + place.get(3).asInt() / 2;
    int y = place.get(2).asInt() + place.get(4).asInt() / 2;
    int[] colour = image.getRaster().getPixel(x, y, (int[]) null);
    assertThat(Arrays.stream(colour).sum()).isCloseTo(250, within(30));
    return colour[RED] > 200 ? RED : colour[GREEN] > 200 ? GREEN : BLUE;
  }
}
