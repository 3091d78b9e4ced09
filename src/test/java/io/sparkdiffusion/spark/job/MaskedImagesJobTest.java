package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.util.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables whose rows have images and masks: a fake model's images end as their masks do. */
class MaskedImagesJobTest {

  private static final int SIDE = 16;
  private static final int ROWS = 5;
  @TempDir private Path folder;
  private ImageJobs jobs;

  @BeforeEach
  void draw() throws IOException {
    jobs = ImageJobs.ofFake(folder, "masked", SIDE, "init_image_fit=crop");
    for (int i = 0; i < ROWS; i++) {
      Files.write(folder.resolve("in" + i + ".png"), ImageJobs.png(i, SIDE));
      Files.write(folder.resolve("mask" + i + ".png"), ImageJobs.png(50 + i, SIDE));
    }
  }

  @Test
  void anImageIsTheSameWhereverItsFilesAreAndHoweverTheTableIsDivided() throws IOException {
    Path paths = csv("paths", i -> "in%s.png,mask%s.png".formatted(i, i));
    Map<String, Row> ofPaths = jobs.run("paths", paths);
    assertThat(ofPaths.values()).allMatch(row -> row.getAs("status").equals("generated"));
    assertThat(ImageJobs.column(ofPaths, "sha256").values()).doesNotHaveDuplicates().hasSize(ROWS);
    for (int partitions : new int[] {1, 3}) {
      String name = "bytes" + partitions;
      Map<String, Row> ofBytes =
          jobs.run(
              name,
              parquet(
                  name,
                  DataTypes.BinaryType,
                  partitions,
                  i -> ImageJobs.png(i, SIDE),
                  i -> ImageJobs.png(50 + i, SIDE)));
      ImageJobs.assertSame(ofBytes, ofPaths, "sha256", "request_hash");
    }
    Map<String, Row> mixed =
        jobs.run(
            "mixed",
            parquet(
                "mixed",
                ImageJobs.DATASETS,
                2,
                i -> RowFactory.create(null, folder.resolve("in" + i + ".png").toString()),
                i -> RowFactory.create(ImageJobs.png(50 + i, SIDE), "gone.png")));
    ImageJobs.assertSame(mixed, ofPaths, "sha256");
    assertThat(mixed.get("row0").<String>getAs("init_image")).endsWith("/in0.png");
    assertThat(mixed.get("row0").<String>getAs("mask_image")).isEmpty();

    Row first = ofPaths.get("row0");
    assertThat(first.<String>getAs("mask_image")).endsWith("/mask0.png");
    assertThat(first.<String>getAs("mask_image_sha256"))
        .isEqualTo(Sha256.of(ImageJobs.png(50, SIDE)));
    assertThat(first.<String>getAs("depth_image_sha256")).isNull();
  }

  @Test
  void whatIsThereIsNotMadeAgainUnlessItsMaskHasChanged() throws IOException {
    Path table = csv("again", i -> "in%s.png,mask%s.png".formatted(i, i));
    jobs.run("again", table);
    Files.write(folder.resolve("mask3.png"), ImageJobs.png(99, SIDE));

    GenerateJob.Result second = jobs.job("again", "prompts=" + table).execute();

    assertThat(second.counts().generated()).isEqualTo(1);
    assertThat(second.counts().skipped()).isEqualTo(ROWS - 1);
  }

  @Test
  void aMaskThatIsNoneFailsItsRowAlone() throws IOException {
    Files.write(folder.resolve("broken.png"), Arrays.copyOf(ImageJobs.png(50, SIDE), 100));
    Files.write(folder.resolve("large.png"), ImageJobs.png(1, 2 * SIDE));
    Map<String, String> reasons = new LinkedHashMap<>();
    reasons.put("in0.png,gone.png", "Cannot use mask_image: its file must exist (missing: file:");
    reasons.put("in0.png,broken.png", "Cannot read mask_image: ");
    reasons.put(
        "in0.png,large.png",
        "Cannot use mask_image: it must be as large as init_image, 16 x 16 (32 x 32)");
    reasons.put(
        "large.png,mask1.png",
        "Cannot use mask_image: it must be as large as init_image, 32 x 32 (16 x 16)");
    reasons.put(",mask1.png", "Cannot use mask_image: init_image must be given too (it is not)");
    reasons.put(
        "in0.png,HTTP://x/y.png?secret",
        "Cannot use mask_image: it must be a path that Hadoop knows, no URL (HTTP:…)");
    List<String> cells = new ArrayList<>(reasons.keySet());
    StringBuilder lines = new StringBuilder("id,prompt,init_image,mask_image\n");
    for (int i = 0; i < cells.size(); i++) {
      lines.append("bad%s,fox,%s\ngood%s,fox,large.png,large.png\n".formatted(i, cells.get(i), i));
    }
    lines.append("noise,fox,,\nwhole,fox,in1.png,\n");
    Path table = jobs.csv("bad", lines.toString());

    Map<String, Row> rows = jobs.run("bad", table);

    for (int i = 0; i < cells.size(); i++) {
      assertThat(ImageJobs.error(rows, "bad" + i)).startsWith(reasons.get(cells.get(i)));
      assertThat(rows.get("good" + i).<String>getAs("status")).isEqualTo("generated");
    }
    assertThat(rows.get("noise").<String>getAs("status")).isEqualTo("generated");
    assertThat(rows.get("whole").<String>getAs("status")).isEqualTo("generated");
  }

  private Path csv(String name, IntFunction<String> images) throws IOException {
    StringBuilder lines = new StringBuilder("id,prompt,init_image,mask_image\n");
    for (int i = 0; i < ROWS; i++) {
      lines.append("row%s,fox,%s\n".formatted(i, images.apply(i)));
    }
    return jobs.csv(name, lines.toString());
  }

  private Path parquet(
      String name, DataType type, int partitions, IntFunction<?> images, IntFunction<?> masks) {
    StructType schema =
        new StructType()
            .add("id", DataTypes.StringType)
            .add("mask_image", type)
            .add("prompt", DataTypes.StringType)
            .add("init_image", type);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      rows.add(RowFactory.create("row" + i, masks.apply(i), "fox", images.apply(i)));
    }
    return jobs.parquet(name, partitions, schema, rows);
  }
}
