package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.testing.PipelineCase;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole runs without oneDNN's private operators, as machines with other processors than x86-64
 * compute them.
 */
class PlainTargetTest {

  private static final String PROPERTY = "sparkdiffusion.onednn";

  /** The first of each model. */
  static List<PipelineCase> runs() {
    List<PipelineCase> all = PipelineCase.all();
    return all.stream().filter(isFirstOfItsModel(all)).toList();
  }

  private static Predicate<PipelineCase> isFirstOfItsModel(List<PipelineCase> all) {
    return run ->
        all.stream()
            .filter(other -> other.model().equals(run.model()))
            .findFirst()
            .filter(run::equals)
            .isPresent();
  }

  @BeforeEach
  void switchOneDnnOff() {
    System.setProperty(PROPERTY, "false");
  }

  @AfterEach
  void switchOneDnnOn() {
    System.clearProperty(PROPERTY);
  }

  @ParameterizedTest
  @MethodSource("runs")
  void equalDiffusersToo(PipelineCase run) {
    StableDiffusionPipelineTest.assertEqualToDiffusers(run);
  }
}
