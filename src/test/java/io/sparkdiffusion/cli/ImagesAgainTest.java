package io.sparkdiffusion.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.spark.job.GenerateJob;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code jobs/inspect --again} of images that start from others. */
class ImagesAgainTest {

  private static final String BUT_FOR_THE_PLACE =
      "Made again, the same bytes but for where its input images lie, which its text says: ";

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);

  @TempDir private Path folder;
  private Path input;
  private Path mask;

  @BeforeEach
  void drawInputs() throws IOException {
    input = Files.write(folder.resolve("in.png"), png(99));
    mask = Files.write(folder.resolve("mask.png"), png(5000));
  }

  private static byte[] png(int white) {
    byte[] rgb = new byte[3 * 64 * 64];
    Arrays.fill(rgb, white, white + 4000, (byte) 200);
    return PngEncoder.encode(new RgbImage(64, 64, rgb), List.of());
  }

  @Test
  void saysThatTheBytesAreTheSameButForThePlacesOfWhatHasMoved() throws IOException {
    Path made = draw("one", "prompt=fox", "init_image=" + input, "mask_image=" + mask);
    assertThat(again(made, "there")).isEqualTo(ExitCode.DONE);
    assertThat(text()).contains("Made again, the same bytes: ");

    String init = "--init-image=" + Files.move(input, folder.resolve("moved.png"));
    String masked = "--mask-image=" + Files.move(mask, folder.resolve("moved-mask.png"));
    assertThat(again(made, "moved", init, masked)).isEqualTo(ExitCode.DONE);
    assertThat(text()).contains(BUT_FOR_THE_PLACE + folder.resolve("moved"));

    assertThat(again(made, "gone")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text())
        .contains("Cannot use init_image: its file must exist (missing: ")
        .contains("Where an input image lies elsewhere now: --init-image=FILE, --mask-image=FILE");
  }

  @Test
  void takesACopyOfWhatLayInATable() throws IOException {
    StructType schema =
        new StructType()
            .add("id", DataTypes.StringType)
            .add("prompt", DataTypes.StringType)
            .add("init_image", DataTypes.BinaryType);
    Path table = folder.resolve("table.parquet");
    LocalSpark.session()
        .createDataFrame(List.of(RowFactory.create("a", "fox", Files.readAllBytes(input))), schema)
        .write()
        .parquet(table.toString());
    Path made = draw("bytes", "prompts=" + table);

    assertThat(again(made, "copy", "--init-image=" + input)).isEqualTo(ExitCode.DONE);
    assertThat(text()).contains(BUT_FOR_THE_PLACE);
  }

  @Test
  void whatIsOtherwiseDiffersStill() throws IOException {
    Path made = draw("other", "prompt=fox", "init_image=" + input);
    Path moved = Files.move(input, folder.resolve("moved.png"));
    Path changed = made.resolveSibling("changed.png");
    byte[] bytes = Files.readAllBytes(made);
    bytes[bytes.length - 30] ^= 1;
    Files.write(changed, bytes);
    assertThat(again(changed, "again", "--init-image=" + moved)).isEqualTo(ExitCode.JOB_FAILED);
    assertThat(text()).contains("Made again, not the same bytes: ");
  }

  @Test
  void saysWhyTheRowHasFailedAndWhatMendsIt() throws IOException {
    Path made = draw("changed", "prompt=fox", "init_image=" + input);
    Files.write(input, png(5000));
    assertThat(again(made, "again")).isEqualTo(ExitCode.NOT_USABLE);
    assertThat(text())
        .contains(
            "Cannot make %s again: its row must not fail (Cannot use init_image: its file must"
                    .formatted(made)
                + " have the hash init_image_sha256); --init-image=FILE says where that image is"
                + " now");
  }

  private Path draw(String name, String... settings) throws IOException {
    Path output = folder.resolve("out-" + name);
    List<String> all =
        new ArrayList<>(
            List.of(
                "pretrained_model_name_or_path=" + ReferenceModels.folder("base"),
                "num_images=1",
                "num_inference_steps=2",
                "strength=0.9",
                "resolution=64",
                "device=cpu",
                "output_dir=" + output));
    all.addAll(List.of(settings));
    run(all);
    try (Stream<Path> files = Files.walk(output)) {
      return files.filter(file -> file.toString().endsWith(".png")).findFirst().orElseThrow();
    }
  }

  private int again(Path image, String name, String... more) {
    out.reset();
    String[] all = Arrays.copyOf(more, more.length + 2);
    all[more.length] = image.toString();
    all[more.length + 1] = "--again=" + folder.resolve(name);
    return new Inspect(print, print, overrides -> job(JobConfig.readOverrides(overrides))).run(all);
  }

  private String text() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private int job(List<String> settings) throws IOException {
    try {
      run(settings);
      return ExitCode.DONE;
    } catch (ProblemsException e) {
      print.println(e.getMessage());
      return ExitCode.NOT_USABLE;
    }
  }

  private void run(List<String> settings) throws IOException {
    Path config = Files.writeString(folder.resolve("any.yml"), "run_name: any\n");
    new GenerateJob(LocalSpark.session(), JobConfig.load(config, settings)).execute();
  }
}
