package io.sparkdiffusion.bench;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.graph.GraphException;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceModels;
import org.junit.jupiter.api.Test;

class BenchTest {

  @Test
  void measuresOnTheDeviceThatIsAskedFor() {
    String model = ReferenceModels.folder("base").toString();
    assertThatThrownBy(
            () ->
                Bench.main(new String[] {"images", model, "float32", "1", "64", "device=cuda:999"}))
        .isInstanceOf(GraphException.class)
        .hasMessageStartingWith("Cannot open device cuda:999:");
    String inputs = ReferenceModels.folder("pipeline.safetensors").toString();
    assertThatThrownBy(
            () ->
                Bench.main(
                    new String[] {"stages", model, inputs, "none", "float32", "device=cuda:999"}))
        .isInstanceOf(GraphException.class)
        .hasMessageStartingWith("Cannot open device cuda:999:");
  }

  @Test
  void addsALora() {
    String model = ReferenceModels.folder("base").toString();
    String other = PipelineCase.ADAPTERS.resolve("kohya_sd15.safetensors").toString();
    assertThatThrownBy(
            () -> Bench.main(new String[] {"images", model, "float32", "1", "64", other}))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith("Cannot use LoRA " + other);
  }

  @Test
  void saysWhatItTakes() {
    assertThatThrownBy(() -> Bench.main(new String[] {"stages", "device=cuda"}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Cannot run the bench: it takes stages MODEL_FOLDER");
  }
}
