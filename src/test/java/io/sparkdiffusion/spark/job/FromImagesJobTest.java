package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.testing.DeniedDisk;
import io.sparkdiffusion.util.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables whose rows start from images: a fake model's images hold half of those. */
class FromImagesJobTest {

  private static final int SIDE = 16;
  private static final int ROWS = 7;
  private static final StructType SPARK =
      new StructType()
          .add("origin", DataTypes.StringType)
          .add("height", DataTypes.IntegerType)
          .add("width", DataTypes.IntegerType)
          .add("nChannels", DataTypes.IntegerType)
          .add("mode", DataTypes.IntegerType)
          .add("data", DataTypes.BinaryType);

  private final List<byte[]> files = new ArrayList<>();

  @TempDir private Path folder;
  private ImageJobs jobs;

  @BeforeEach
  void draw() throws IOException {
    jobs = ImageJobs.ofFake(folder, "from-images", SIDE);
    for (int i = 0; i < ROWS; i++) {
      files.add(ImageJobs.png(i, SIDE));
      Files.write(folder.resolve("in" + i + ".png"), files.get(i));
    }
  }

  @Test
  void anImageIsTheSameWhereverItsFileIsAndHoweverTheTableIsDivided() throws IOException {
    Map<String, Row> ofPaths = jobs.run("paths", csv("paths", i -> "in" + i + ".png"));
    assertThat(ofPaths.values()).allMatch(row -> row.getAs("status").equals("generated"));
    assertThat(ImageJobs.column(ofPaths, "sha256").values())
        .doesNotHaveDuplicates()
        .hasSize(ROWS + 1);
    for (int partitions : new int[] {1, 2, 5}) {
      String name = "bytes" + partitions;
      Map<String, Row> ofBytes =
          jobs.run(name, parquet(name, DataTypes.BinaryType, partitions, i -> files.get(i)));
      ImageJobs.assertSame(ofBytes, ofPaths, "sha256", "request_hash");
    }
    Map<String, Row> mixed =
        jobs.run(
            "mixed",
            parquet(
                "mixed",
                ImageJobs.DATASETS,
                2,
                i ->
                    i % 2 == 0
                        ? RowFactory.create(files.get(i), "gone.png")
                        : RowFactory.create(null, folder.resolve("in" + i + ".png").toString())));
    ImageJobs.assertSame(mixed, ofPaths, "sha256");
    Map<String, Row> ofSpark =
        jobs.run("spark", parquet("spark", SPARK, 2, FromImagesJobTest::ofSpark));
    ImageJobs.assertSame(ofSpark, ofPaths, "sha256");

    Row first = ofPaths.get("row0");
    assertThat(first.<String>getAs("init_image")).endsWith("/in0.png");
    assertThat(first.<String>getAs("init_image_sha256")).isEqualTo(Sha256.of(files.get(0)));
    assertThat(first.<Double>getAs("strength")).isEqualTo(0.5);
    assertThat(ofPaths.get("noise").<String>getAs("init_image_sha256")).isNull();
    assertThat(ofPaths.get("noise").<Double>getAs("strength")).isNull();
    assertThat(mixed.get("row0").<String>getAs("init_image")).isEmpty();
  }

  @Test
  void whatIsThereIsNotMadeAgainUnlessItsImageHasChanged() throws IOException {
    Path table = csv("again", i -> "in" + i + ".png");
    Map<String, Row> first = jobs.run("again", table);
    Files.write(folder.resolve("in3.png"), ImageJobs.png(99, SIDE));

    GenerateJob.Result second = jobs.job("again", "prompts=" + table).execute();

    assertThat(second.counts().generated()).isEqualTo(1);
    assertThat(second.counts().skipped()).isEqualTo(ROWS);
    Row made =
        jobs.rows("again").filter("run_id = '" + second.runId() + "'").collectAsList().get(0);
    assertThat(made.<String>getAs("id")).isEqualTo("row3");
    assertThat(made.<String>getAs("request_hash"))
        .isNotEqualTo(first.get("row3").getAs("request_hash"));
  }

  @Test
  void whatIsNoImageFailsItsRowAlone() throws IOException {
    Files.write(folder.resolve("empty.png"), new byte[0]);
    Files.write(folder.resolve("broken.png"), Arrays.copyOf(files.get(0), 100));
    Files.write(folder.resolve("large.png"), ImageJobs.png(1, 2 * SIDE));
    Map<String, String> reasons = new LinkedHashMap<>();
    reasons.put("gone.png", "Cannot use init_image: its file must exist (missing: file:");
    reasons.put("empty.png", "Cannot read init_image: it must be a PNG or JPEG file (no bytes)");
    reasons.put("broken.png", "Cannot read init_image: ");
    reasons.put(
        "large.png",
        "Cannot read init_image: it must be 16 x 16 pixels, or init_image_fit must be resize or crop (32 x 32)");
    reasons.put(".", "Cannot use init_image: it must be a file (a folder: ");
    reasons.put("nowhere://x/y.png", "Cannot use init_image: Hadoop must know its place (");
    reasons.put("s3a://x/y.png", "Cannot use init_image: Spark must have the file system, add it ");
    reasons.put("/dev/null", "Cannot use init_image: it must be a file (a device or a pipe: ");
    reasons.put(
        "HTTP://x/y.png?secret",
        "Cannot use init_image: it must be a path that Hadoop knows, no URL (HTTP:…)");
    List<String> paths = new ArrayList<>(reasons.keySet());
    StringBuilder lines = new StringBuilder("id,prompt,strength,init_image\n");
    for (int i = 0; i < paths.size(); i++) {
      lines.append("bad%s,fox,,%s\ngood%s,fox,,in%s.png\n".formatted(i, paths.get(i), i, i % ROWS));
    }
    lines.append("little,fox,0.01,in0.png\n");
    Path table = jobs.csv("bad", lines.toString());

    Map<String, Row> rows = jobs.run("bad", table);

    for (int i = 0; i < paths.size(); i++) {
      assertThat(ImageJobs.error(rows, "bad" + i)).startsWith(reasons.get(paths.get(i)));
      assertThat(rows.get("good" + i).<String>getAs("status")).isEqualTo("generated");
    }
    assertThat(ImageJobs.error(rows, "little"))
        .isEqualTo("Cannot use strength: one step must be taken at least (0.01 of 4 steps)");
  }

  @Test
  void whatTheJobMayNotReadFailsItsRowAlone() throws IOException {
    DeniedDisk.register(jobs.spark.sparkContext().hadoopConfiguration());
    StringBuilder lines = new StringBuilder("id,prompt,init_image\n");
    for (String name : List.of("hidden", "locked", "closed", "open")) {
      Path file = Files.write(folder.resolve(name + ".png"), files.get(0));
      lines.append("%s,fox,%s\n".formatted(name, DeniedDisk.locationOf(file)));
    }
    Map<String, Row> rows = jobs.run("denied", jobs.csv("denied", lines.toString()));

    String denied = "Cannot use init_image: its file must be readable (Permission denied: user=fox";
    assertThat(rows).hasSize(4);
    assertThat(ImageJobs.error(rows, "hidden")).startsWith(denied + ", access=EXECUTE: ");
    assertThat(ImageJobs.error(rows, "locked")).startsWith(denied + ", access=READ: ");
    assertThat(ImageJobs.error(rows, "closed"))
        .startsWith("Cannot use init_image: its file must be readable (")
        .contains("closed.png (Permission denied): denied:");
    assertThat(rows.get("open").<String>getAs("status")).isEqualTo("generated");
  }

  @Test
  void aJobsOwnImageIsLookedForAtOnce() throws IOException {
    String gone = folder.resolve("gone.png").toString();
    assertThatThrownBy(() -> jobs.job("one", "prompt=fox", "init_image=" + gone).execute())
        .isInstanceOf(ProblemsException.class)
        .hasMessageContaining("Cannot use init_image: its file must exist (missing: file:" + gone);
    String there = folder.resolve("in1.png").toString();
    jobs.job("one", "prompt=fox", "init_image=" + there).execute();
    assertThat(jobs.rows("one").head().<String>getAs("init_image_sha256"))
        .isEqualTo(Sha256.of(files.get(1)));
  }

  /** What fails every image of a run is told before the first, as for one that is missing. */
  @Test
  void aSinglePromptsImagesAreReadAtOnce() throws IOException {
    Path large = Files.write(folder.resolve("large.png"), ImageJobs.png(1, 2 * SIDE));
    Path broken = Files.write(folder.resolve("broken.png"), Arrays.copyOf(files.get(0), 100));
    String size = "Cannot read init_image: it must be 16 x 16 pixels, or init_image_fit must be ";
    for (Map.Entry<Path, String> one :
        Map.of(large, size, broken, "Cannot read init_image: ").entrySet()) {
      GenerateJob job = jobs.job("refused", "prompt=fox", "init_image=" + one.getKey());
      assertThatThrownBy(job::execute)
          .isInstanceOf(ProblemsException.class)
          .hasMessageStartingWith(one.getValue());
      assertThatThrownBy(job::dryRun).hasMessageStartingWith(one.getValue());
    }
    assertThat(jobs.output("refused").resolve("images")).doesNotExist();
    Path table = jobs.csv("rows", "id,prompt,width,height\na,fox,32,32\nb,fox,,\n");
    GenerateJob ofTable = jobs.job("rows", "prompts=" + table, "init_image=" + large);
    assertThat(ofTable.execute().counts().generated()).isEqualTo(1);
    assertThatThrownBy(() -> jobs.job("cut", "prompts=" + table, "init_image=" + broken).execute())
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith("Cannot read init_image: ");
  }

  @Test
  void aHashWithoutItsImageFailsItsRow() throws IOException {
    Path table =
        jobs.csv(
            "hash",
            "id,prompt,init_image,init_image_sha256\na,fox,,%s\nb,fox,in0.png,%s\n"
                .formatted("0".repeat(64), Sha256.of(files.get(0))));
    Map<String, Row> rows = jobs.run("hash", table);

    assertThat(ImageJobs.error(rows, "a"))
        .isEqualTo("Cannot use init_image: its file must be given beside init_image_sha256 (none)");
    assertThat(ImageJobs.error(rows, "b")).isNull();
  }

  /** As Spark's image source gives files that it could not read, and as others may make them. */
  @Test
  void aStructThatIsNoImageFailsItsRow() throws IOException {
    byte[] data = ImageJobs.rgb(0, SIDE);
    List<Row> structs =
        List.of(
            RowFactory.create("x", -1, -1, -1, -1, new byte[0]),
            RowFactory.create("x", SIDE, SIDE, 2, 16, data),
            RowFactory.create("x", null, SIDE, 3, 16, data),
            RowFactory.create("x", SIDE, SIDE, 3, 16, null));
    Map<String, Row> rows =
        jobs.run("structs", parquet("structs", SPARK, 2, i -> structs.get(i % structs.size())));

    String rule =
        "Cannot use init_image: its height and width must be 1 or more, its nChannels 1, 3 or 4 ";
    assertThat(ImageJobs.error(rows, "row0")).isEqualTo(rule + "(-1, -1, -1)");
    assertThat(ImageJobs.error(rows, "row1")).isEqualTo(rule + "(16, 16, 2)");
    assertThat(ImageJobs.error(rows, "row2")).isEqualTo(rule + "(null, 16, 3)");
    assertThat(ImageJobs.error(rows, "row3"))
        .isEqualTo(
            "Cannot use init_image: its data must hold height x width x nChannels bytes (0 of 16 x 16 x 3)");
  }

  @Test
  void aTableThatHoldsFilesNeedsIds() {
    Path table = parquet("whole", DataTypes.BinaryType, 1, i -> files.get(i));
    Path without = folder.resolve("without.parquet");
    jobs.spark.read().parquet(table.toString()).drop("id").write().parquet(without.toString());

    assertThatThrownBy(() -> jobs.run("without", without))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot use prompts %s: rows that hold images are read again by their ids, which must be there (no column id)"
                .formatted(without));
  }

  @Test
  void aColumnThatHoldsNoImagesIsRefused() {
    Path table = parquet("numbers", DataTypes.IntegerType, 1, i -> i);
    assertThatThrownBy(() -> jobs.run("numbers", table))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot use column init_image of prompts %s: it must be a path, binary, a struct of bytes and path, or Spark's image struct (int)"
                .formatted(table));
  }

  private interface Cells {
    Object of(int row);
  }

  /** Blue comes first. */
  private static Object ofSpark(int row) {
    byte[] bgr = ImageJobs.rgb(row, SIDE);
    for (int i = 0; i < bgr.length; i += 3) {
      byte red = bgr[i];
      bgr[i] = bgr[i + 2];
      bgr[i + 2] = red;
    }
    return RowFactory.create("here", SIDE, SIDE, 3, 16, bgr);
  }

  private Path csv(String name, Cells images) throws IOException {
    StringBuilder lines = new StringBuilder("id,prompt,strength,init_image\n");
    for (int i = 0; i < ROWS; i++) {
      lines.append("row%s,fox,%s,%s\n".formatted(i, strength(i), images.of(i)));
    }
    lines.append("noise,fox,,\n");
    return jobs.csv(name, lines.toString());
  }

  private Path parquet(String name, DataType type, int partitions, Cells images) {
    StructType schema =
        new StructType()
            .add("id", DataTypes.StringType)
            .add("prompt", DataTypes.StringType)
            .add("strength", DataTypes.DoubleType)
            .add("init_image", type);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      rows.add(RowFactory.create("row" + i, "fox", strength(i), images.of(i)));
    }
    rows.add(RowFactory.create("noise", "fox", null, null));
    return jobs.parquet(name, partitions, schema, rows);
  }

  /** Of 4 steps: 2, 3 and all. */
  private static double strength(int row) {
    return List.of(0.5, 0.75, 1.0).get(row % 3);
  }
}
