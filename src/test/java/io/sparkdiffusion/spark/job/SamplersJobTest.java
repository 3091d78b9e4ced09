package io.sparkdiffusion.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A table whose rows have samplers of their own, with the real networks, small. */
class SamplersJobTest {

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  @Test
  void eachRowHasItsOwnSampler() throws IOException {
    Map<String, Row> rows =
        run(
            "many",
            "{timestep_spacing: trailing}",
            List.of(
                "none,,0",
                "ddim,ddim,0",
                "euler,euler,0",
                "class,EulerDiscreteScheduler,0",
                "heun,heun,0",
                "model,model,0",
                "pndm,pndm,0",
                "noise,euler,0.5",
                "singlestep,dpm++_2s,0"));

    assertThat(text(rows, "none", "sha256")).isEqualTo(text(rows, "ddim", "sha256"));
    assertThat(text(rows, "class", "request_hash")).isEqualTo(text(rows, "euler", "request_hash"));
    assertThat(text(rows, "class", "scheduler")).isEqualTo("euler");
    assertThat(text(rows, "model", "sha256")).isEqualTo(text(rows, "pndm", "sha256"));
    assertThat(List.of("ddim", "euler", "heun", "pndm"))
        .extracting(id -> text(rows, id, "sha256"))
        .doesNotContainNull()
        .doesNotHaveDuplicates();
    assertThat(text(rows, "heun", "provenance")).contains("HeunDiscreteScheduler");
    assertThat(text(rows, "noise", "error"))
        .isEqualTo("Cannot use eta: euler does not have it, it must be 0 (0.5)");
    assertThat(text(rows, "singlestep", "error"))
        .isEqualTo(
            "Cannot use scheduler setting timestep_spacing: dpm++_2s does not have it (trailing)");
  }

  private static String text(Map<String, Row> rows, String id, String column) {
    return rows.get(id).getAs(column);
  }

  private Map<String, Row> run(String name, String scheduler, List<String> rows)
      throws IOException {
    Path table = folder.resolve(name + ".csv");
    String lines =
        rows.stream()
            .map(row -> row.replaceFirst(",", ",a fox,1,"))
            .collect(Collectors.joining("\n"));
    Files.writeString(table, "id,prompt,seed,scheduler,eta\n" + lines + "\n");
    Path config = Files.writeString(folder.resolve(name + ".yml"), "run_name: test\n");
    List<String> settings =
        List.of(
            "pretrained_model_name_or_path=" + ReferenceModels.folder("base"),
            "prompts=" + table,
            "png_parameters=false",
            "num_inference_steps=3",
            "resolution=64",
            "max_failed_rows=2",
            "diffusion_scheduler_config=" + scheduler,
            "device=cpu",
            "output_dir=" + folder.resolve(name));
    new GenerateJob(spark, JobConfig.load(config, settings)).execute();
    return spark.read().parquet(folder.resolve(name + "/rows").toString()).collectAsList().stream()
        .collect(Collectors.toMap(row -> row.getAs("id"), row -> row));
  }
}
