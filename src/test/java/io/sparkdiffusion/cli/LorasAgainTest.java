package io.sparkdiffusion.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.spark.job.GenerateJob;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code jobs/inspect --again} of images whose rows have LoRAs of their own. */
class LorasAgainTest {

  private static final String PEFT = PipelineCase.ADAPTERS.resolve("peft.safetensors").toString();
  private static final String LOCON = PipelineCase.ADAPTERS.resolve("locon.safetensors").toString();

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);

  @TempDir private Path folder;

  @Test
  void makesTheSameBytesWithEachRowsOwn() throws IOException {
    Path table =
        Files.writeString(
            folder.resolve("p.csv"),
            "id,prompt,loras\na,a fox,\nb,a fox,none\nc,a fox,%s:0.5\n".formatted(LOCON));
    Path output = folder.resolve("out");
    draw(
        List.of(
            "pretrained_model_name_or_path=" + ReferenceModels.folder("base"),
            "loras=" + PEFT,
            "prompts=" + table,
            "num_inference_steps=2",
            "resolution=64",
            "device=cpu",
            "output_dir=" + output));
    List<Row> rows =
        LocalSpark.session().read().parquet(output + "/rows").orderBy("id").collectAsList();
    assertThat(rows)
        .extracting(row -> row.<String>getAs("loras"))
        .containsExactly(PEFT, "", LOCON + ":0.5");
    for (Row row : rows) {
      Path image = output.resolve(row.<Row>getAs("image").<String>getAs("path"));
      Path again = folder.resolve("again-" + row.getAs("id"));
      assertThat(inspect(image.toString(), "--again=" + again)).isEqualTo(ExitCode.DONE);
      assertThat(text()).contains("Made again, the same bytes: " + again);
    }
    inspect(output.resolve(rows.get(2).<Row>getAs("image").<String>getAs("path")).toString());
    assertThat(text()).contains("a fox <lora:locon:0.5>\n", " loras=" + LOCON + ":0.5 ");
  }

  private int inspect(String... arguments) {
    out.reset();
    return new Inspect(print, print, overrides -> draw(JobConfig.readOverrides(overrides)))
        .run(arguments);
  }

  private String text() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private int draw(List<String> settings) throws IOException {
    Path config = Files.writeString(folder.resolve("any.yml"), "run_name: any\n");
    new GenerateJob(LocalSpark.session(), JobConfig.load(config, settings)).execute();
    return ExitCode.DONE;
  }
}
