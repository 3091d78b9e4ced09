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
import io.sparkdiffusion.testing.ReferenceModels;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page shows small what images start from. */
class InputImagesTest {

  @TempDir private Path folder;

  @Test
  void eachImageHasTheOneThatItStartsFromBesideIt() throws IOException {
    draw("red.png", 0, 40, 24);
    draw("green.png", 1, 40, 24);
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
    assertThat(colour(page, 0)[0]).isCloseTo(250, within(8));
    assertThat(colour(page, 1)[1]).isCloseTo(250, within(8));
    assertThat(page.value(0, "command").asText())
        .contains("init_image_fit=crop strength=0.8", "/red.png");
  }

  /** A quarter of what is made of it, on each side. */
  @Test
  void anImageThatIsUpscaledIsShownAsSmallAsItIs() throws IOException {
    draw("small.png", 2, 16, 16);
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
    assertThat(colour(page, 0)[2]).isCloseTo(250, within(8));
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

  /** Of one colour. */
  private void draw(String name, int channel, int width, int height) throws IOException {
    byte[] rgb = new byte[3 * width * height];
    for (int i = channel; i < rgb.length; i += 3) {
      rgb[i] = (byte) 250;
    }
    Files.write(
        folder.resolve(name), PngEncoder.encode(new RgbImage(width, height, rgb), List.of()));
  }

  /** The middle of a row's input in its sheet. */
  private int[] colour(PageData page, int row) throws IOException {
    JsonNode place = page.value(row, "inputs").get("init_image");
    String sheet = page.data().get("sheets").get(place.get(0).asInt()).get(0).asText();
    BufferedImage image = ImageIO.read(folder.resolve("out").resolve(sheet).toFile());
    int x = place.get(1).asInt() + place.get(3).asInt() / 2;
    int y = place.get(2).asInt() + place.get(4).asInt() / 2;
    int[] colour = image.getRaster().getPixel(x, y, (int[]) null);
    assertThat(Arrays.stream(colour).sum()).isLessThan(300);
    return colour;
  }
}
