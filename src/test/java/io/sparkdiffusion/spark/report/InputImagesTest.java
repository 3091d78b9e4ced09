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
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    draw("red.png", 0);
    draw("green.png", 1);
    Files.writeString(
        folder.resolve("prompts.csv"),
        "id,prompt,init_image\na,fox,red.png\nb,fox,green.png\nc,fox,red.png\nd,fox,\n");
    Path config = Files.writeString(folder.resolve("job.yml"), "run_name: test\n");
    JobConfig settings =
        JobConfig.load(
            config,
            List.of(
                "pretrained_model_name_or_path=fake",
                "prompts=" + folder.resolve("prompts.csv"),
                "resolution=16",
                "init_image_fit=crop",
                "device=cpu",
                "output_dir=" + folder.resolve("out")));
    new GenerateJob(LocalSpark.session(), settings)
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

  /** Of one colour, and not of the images' size. */
  private void draw(String name, int channel) throws IOException {
    byte[] rgb = new byte[3 * 40 * 24];
    for (int i = channel; i < rgb.length; i += 3) {
      rgb[i] = (byte) 250;
    }
    Files.write(folder.resolve(name), PngEncoder.encode(new RgbImage(40, 24, rgb), List.of()));
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
