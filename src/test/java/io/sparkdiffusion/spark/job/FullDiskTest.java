package io.sparkdiffusion.spark.job;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.spark.plan.RunCounts;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.FullDisk;
import io.sparkdiffusion.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FullDiskTest {

  private static final int ROWS = 40;

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;
  private Path output;

  @BeforeEach
  void writeTable() throws IOException {
    spark.sparkContext().hadoopConfiguration().set("fs.full.impl", FullDisk.class.getName());
    output = folder.resolve("out");
    String rows =
        IntStream.range(0, ROWS).mapToObj("row%1$d,fox %1$d\n"::formatted).collect(joining());
    Files.writeString(folder.resolve("prompts.csv"), "id,prompt\n" + rows);
    Files.writeString(folder.resolve("job.yml"), "run_name: job\n");
  }

  @AfterEach
  void makeRoom() {
    FullDisk.setRoom(Long.MAX_VALUE);
  }

  @Test
  void keepsFinishedGroupsAndGoesOnOnceThereIsRoom() throws IOException {
    FullDisk.setRoom(halfOfWhatARunWrites());
    assertThatThrownBy(() -> run(output))
        .satisfies(e -> assertThat(Failures.reason(e)).contains("No space left on device"));
    long kept = rows().count();
    assertThat(kept).isBetween(1L, ROWS - 1L);
    assertThat(output.resolve("_staging")).doesNotExist();
    assertImagesAreWhole();

    FullDisk.setRoom(Long.MAX_VALUE);
    RunCounts counts = run(output);
    assertThat(counts.skipped()).isEqualTo(kept);
    assertThat(counts.generated()).isEqualTo(ROWS - kept);
    assertThat(rows().select("id").distinct().count()).isEqualTo(rows().count()).isEqualTo(ROWS);
    assertImagesAreWhole();
  }

  private long halfOfWhatARunWrites() {
    run(folder.resolve("whole"));
    return (Long.MAX_VALUE - FullDisk.room()) / 2;
  }

  private RunCounts run(Path to) {
    JobConfig settings =
        JobConfig.load(
            folder.resolve("job.yml"),
            List.of(
                "pretrained_model_name_or_path=" + folder,
                "prompts=" + folder.resolve("prompts.csv"),
                "output_dir=full://" + to,
                "resolution=8",
                "num_inference_steps=3",
                "device=cpu",
                "output_commit=rename",
                "commit_group_images=4"));
    return new GenerateJob(spark, settings)
        .models(any -> FakeModel.named(folder.toString()))
        .execute()
        .counts();
  }

  private Dataset<Row> rows() {
    return spark.read().parquet(output.resolve("rows").toString());
  }

  /** Under their final names. */
  private void assertImagesAreWhole() throws IOException {
    try (Stream<Path> files = Files.list(output.resolve("images"))) {
      for (Path file : files.toList()) {
        assertThat(file.toString()).endsWith(".png");
        assertThat(ImageIO.read(file.toFile())).as(file.toString()).isNotNull();
      }
    }
  }
}
