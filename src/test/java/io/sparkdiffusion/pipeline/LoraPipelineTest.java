package io.sparkdiffusion.pipeline;

import static io.sparkdiffusion.testing.Comparison.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.adapter.AdapterFile;
import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.adapter.WeightedAdapter;
import io.sparkdiffusion.config.LoraUnmatched;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole runs with adapters against diffusers' load_lora_weights, set_adapters and fuse_lora. */
class LoraPipelineTest {

  private static final double LATENT_BOUND = 1e-4;

  static List<PipelineCase> runs() {
    return PipelineCase.lora();
  }

  @ParameterizedTest
  @MethodSource("runs")
  void everyLatentEqualsDiffusers(PipelineCase run) {
    ReferenceFile numbers = ReferenceModels.numbers(run.numbers());
    float[] expected = numbers.floats(run.name() + "/latents");
    List<float[]> latents = latents(run, set(run.loras()));

    assertThat(latents).hasSize((int) numbers.shape(run.name() + "/latents")[0]);
    int count = expected.length / latents.size();
    for (int step = 0; step < latents.size(); step++) {
      assertClose(
          "%s, latents %d".formatted(run, step),
          latents.get(step),
          Arrays.copyOfRange(expected, step * count, (step + 1) * count),
          LATENT_BOUND);
    }
  }

  /** Adapters are in the weights: the same scripts run as often and in the same order. */
  @Test
  void aRunWithAdaptersRunsTheSameGraphs() throws IOException {
    PipelineCase run = runs().get(0);
    List<String> graphs =
        graphs(
            () -> {
              latents(run, AdapterSet.NONE);
              latents(run, set(List.of("peft.safetensors:0.5")));
            });
    List<String> plain = graphs.subList(0, graphs.size() / 2);

    assertThat(plain).hasSizeGreaterThan(run.requests().size());
    assertThat(graphs.subList(plain.size(), graphs.size())).isEqualTo(plain);
  }

  /** The name and the script's digest of each call, in order. */
  private static List<String> graphs(Runnable work) throws IOException {
    Path file = Files.createTempFile("graphs", ".jfr");
    try (Recording recording = new Recording()) {
      recording.enable("io.sparkdiffusion.GraphRun");
      recording.start();
      work.run();
      recording.stop();
      recording.dump(file);
      return RecordingFile.readAllEvents(file).stream()
          .sorted(Comparator.comparing(RecordedEvent::getStartTime))
          .map(event -> event.getString("graph") + " " + event.getString("script"))
          .peek(line -> assertThat(line).matches(".+ [0-9a-f]{12}"))
          .toList();
    } finally {
      Files.delete(file);
    }
  }

  private static List<float[]> latents(PipelineCase run, AdapterSet adapters) {
    List<float[]> latents = new ArrayList<>();
    try (StableDiffusionPipeline pipeline =
        StableDiffusionPipeline.load(
            ModelFolder.open(ReferenceModels.folder(run.model())),
            adapters,
            EmbeddingSet.NONE,
            new PipelineOptions("cpu", "float32", 1, run.schedulerOverrides()))) {
      pipeline.generate(run.requests(), given -> latents.add(given.get()));
    }
    return latents;
  }

  private static AdapterSet set(List<String> loras) {
    return new AdapterSet(
        loras.stream().map(LoraPipelineTest::adapter).toList(), LoraUnmatched.REFUSE);
  }

  private static WeightedAdapter adapter(String lora) {
    String[] parts = lora.split(":", -1);
    Path file = PipelineCase.ADAPTERS.resolve(parts[0]);
    return new WeightedAdapter(
        AdapterFile.open(file), parts.length == 1 ? 1 : Double.parseDouble(parts[1]));
  }
}
