package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever is wrong with a row stays with that row. */
class BadRowsTest {

  private static final String COLUMNS =
      "id,prompt,seed,num_inference_steps,guidance_scale,guidance_rescale,height,num_images,"
          + "scheduler,eta\n";

  private static final long MEMORY_PIXELS = 4 * 16 * 8;

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  @Test
  void eachBadRowFailsWithItsReasonAndHarmsNoOther() throws IOException {
    String longId = "i".repeat(1025);
    Map<String, String> bad = new LinkedHashMap<>();
    bad.put("null-prompt,,,,,,,,,", "Cannot use prompt: it must not be null (null)");
    bad.put("seed,fox,many,,,,,,,", "Cannot read seed: it must be a whole number in range (many)");
    bad.put(
        "wide-seed,fox,9223372036854775808,,,,,,,",
        "Cannot read seed: it must be a whole number in range (9223372036854775808)");
    bad.put(
        "half-steps,fox,,1.5,,,,,,",
        "Cannot read num_inference_steps: it must be a whole number in range (1.5)");
    bad.put("no-steps,fox,,0,,,,,,", "Cannot use num_inference_steps: it must be 1 to 1000 (0)");
    bad.put(
        "guidance,fox,,,-1,,,,,",
        "Cannot use guidance_scale: it must be finite and 0 or more (-1.0)");
    bad.put(
        "endless,fox,,,Infinity,,,,,",
        "Cannot use guidance_scale: it must be finite and 0 or more (Infinity)");
    bad.put("rescale,fox,,,,2,,,,", "Cannot use guidance_rescale: it must be 0 to 1 (2.0)");
    bad.put(
        "odd-size,fox,,,,,9,,,",
        "Cannot use height: it must be a multiple of 8 from 8 to 4096 (9)");
    bad.put(
        "giant,fox,,,,,8192,,,",
        "Cannot use height: it must be a multiple of 8 from 8 to 4096 (8192)");
    bad.put("no-images,fox,,,,,,0,,", "Cannot use num_images: it must be 1 to 10000 (0)");
    bad.put(
        "sampler,fox,,,,,,,plms,",
        "Cannot use scheduler: it must be ddim, ddpm, pndm, euler, euler_a, heun, lms,"
            + " dpm2, dpm2_a, dpm++_2m, dpm++_2m_sde, dpm++_2s, unipc, deis, lcm, tcd or model (plms)");
    bad.put("eta,fox,,,,,,,,-0.5", "Cannot use eta: it must be 0 to 1 (-0.5)");
    bad.put(
        longId + ",fox,,,,,,,,", "Cannot use id: it must have at most 1024 bytes in UTF-8 (1025)");
    bad.put(
        "columns,fox,,,,,,,,,,,",
        "Cannot read the row: it must have the table's columns, no more and no fewer");
    bad.put("nan,NAN fox,,,,,,,,", "Cannot keep image: it holds NaN (step 3)");
    bad.put("flat,FLAT fox,,,,,,,,", "Cannot keep the image: all its pixels are the same");
    bad.put(
        "large,fox,,,,,128,,,",
        "Cannot generate the image: the device's memory must hold it alone (8 x 128: CUDA"
            + " out of memory. Tried to allocate 2.00 GiB); make it"
            + " smaller or use activations_dtype=bfloat16");
    List<String> good =
        List.of(
            "good-1,owl,,,,,,,,",
            "long,LONG owl,,,,,,,,",
            "good-2,hare,,,,,16,,,",
            "w,a (red:1.3) hare,,,,,,,,");

    GenerateJob.Result result = run(List.copyOf(bad.keySet()), good);

    assertThat(result.counts().failed()).isEqualTo(bad.size());
    assertThat(result.counts().generated()).isEqualTo(good.size());
    assertThat(result.counts().truncated()).isEqualTo(1);
    assertThat(result.counts().unread()).isEqualTo(1);
    List<Row> rows = spark.read().parquet(folder.resolve("out/rows").toString()).collectAsList();
    assertThat(rows).hasSize(bad.size() + good.size());
    Map<String, String> reasons =
        rows.stream()
            .collect(
                Collectors.toMap(
                    row -> row.getAs("id"), row -> String.valueOf(row.<String>getAs("error"))));
    bad.forEach((row, reason) -> assertThat(reasons).containsEntry(id(row), reason));
    good.forEach(row -> assertThat(reasons).containsEntry(id(row), "null"));
    assertThat(rows.stream().filter(row -> row.getAs("id").equals("long")))
        .singleElement()
        .extracting(row -> row.<String>getAs("lost_text"))
        .isEqualTo("the end");
  }

  private static String id(String row) {
    return row.substring(0, row.indexOf(','));
  }

  private GenerateJob.Result run(List<String> bad, List<String> good) throws IOException {
    Path table = folder.resolve("prompts.csv");
    String rows = String.join("\n", bad) + "\n" + String.join("\n", good) + "\n";
    Files.writeString(table, COLUMNS + rows);
    Path config = Files.writeString(folder.resolve("job.yml"), "run_name: job\n");
    JobConfig settings =
        JobConfig.load(
            config,
            List.of(
                "pretrained_model_name_or_path=" + folder,
                "prompts=" + table,
                "output_dir=" + folder.resolve("out"),
                "resolution=8",
                "num_inference_steps=3",
                "device=cpu",
                "per_device_batch_size=4"));
    return new GenerateJob(spark, settings)
        .models(any -> FakeModel.named(folder.toString(), MEMORY_PIXELS))
        .execute();
  }
}
