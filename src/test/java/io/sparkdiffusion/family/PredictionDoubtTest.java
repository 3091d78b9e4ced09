package io.sparkdiffusion.family;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkdiffusion.sampler.SchedulerConfig;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.unet.UnetConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PredictionDoubtTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  /** The UNets of 2 and 2.1, of 2-base and 2.1-base, of 1.5, and of sizes of one's own. */
  @ParameterizedTest
  @CsvSource({
    "96, 1024, false, '', v_prediction",
    "96, 1024, true, '', v_prediction",
    "96, 1024, true, epsilon, v_prediction",
    "96, 1024, true, v_prediction, ''",
    "64, 1024, false, '', ''",
    "64, 1024, false, epsilon, ''",
    "64, 1024, false, v_prediction, epsilon",
    "64, 768, false, '', ''",
    "64, 768, false, v_prediction, ''",
    "32, 1024, false, '', ''",
    "32, 1024, false, v_prediction, ''",
  })
  void goesByTheSizeOfThePublishedModels(
      long size, long textWidth, boolean upcast, String said, String usual) throws IOException {
    ObjectNode json = (ObjectNode) JSON.readTree(file("base").toFile());
    json.put("sample_size", size).put("cross_attention_dim", textWidth);
    json.put("upcast_attention", upcast);
    json.set("block_out_channels", JSON.readTree("[320, 640, 1280, 1280]"));
    json.set("attention_head_dim", JSON.readTree("[5, 10, 20, 20]"));
    json.put("norm_num_groups", 32);
    json.set("down_block_types", JSON.readTree(repeated("CrossAttnDownBlock2D", "DownBlock2D")));
    json.set(
        "up_block_types",
        JSON.readTree("[\"UpBlock2D\"" + ", \"CrossAttnUpBlock2D\"".repeat(3) + "]"));
    Path edited = folder.resolve("config.json");
    JSON.writeValue(edited.toFile(), json);
    Optional<String> doubt = doubt(edited, said);
    assertThat(doubt.isPresent()).isEqualTo(!usual.isEmpty());
    doubt.ifPresent(
        text ->
            assertThat(text)
                .contains("sample_size %s".formatted(size))
                .endsWith("diffusion_scheduler_config='{prediction_type: %s}'".formatted(usual)));
  }

  /** 2.1's small sister is known by its attention alone. */
  @Test
  void aSmallUnetIsKnownByItsAttention() {
    assertThat(doubt(file("v21"), "")).isPresent();
    assertThat(doubt(file("v21"), "v_prediction")).isEmpty();
    assertThat(doubt(file("base"), "")).isEmpty();
    assertThat(doubt(file("base"), "v_prediction")).isEmpty();
  }

  private static String repeated(String name, String last) {
    return "[" + ("\"" + name + "\", ").repeat(3) + "\"" + last + "\"]";
  }

  private static Path file(String model) {
    return ReferenceModels.folder(model + "/unet/config.json");
  }

  private static Optional<String> doubt(Path unet, String said) {
    Map<String, Object> scheduler = said.isEmpty() ? Map.of() : Map.of("prediction_type", said);
    return PredictionDoubt.of(UnetConfig.read(unet), SchedulerConfig.of(scheduler, Map.of()));
  }
}
