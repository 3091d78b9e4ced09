package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DtypeTest {

  /** A value that each type rounds in its own way tells that the number names that type. */
  @ParameterizedTest
  @CsvSource({
    "UINT8, 258.7, 2",
    "INT64, 258.7, 258",
    "FLOAT16, 2049, 2048",
    "FLOAT32, 2049, 2049",
    "BFLOAT16, 2049, 2048",
    "BFLOAT16, 1.00390625, 1",
    "FLOAT16, 1.00390625, 1.00390625"
  })
  void numbersAreThoseOfLibtorch(Dtype dtype, float value, float expected) {
    Graph graph = new Graph("a conversion");
    graph.returns(graph.input(1).to(dtype).to(Dtype.FLOAT32));

    assertThat(Evaluation.of(graph, new float[] {value})).containsExactly(expected);
  }

  @Test
  void knowsItsSizeAndName() {
    assertThat(Dtype.values())
        .extracting(Dtype::toString)
        .containsExactly("uint8", "int64", "float16", "float32", "bfloat16");
    assertThat(Dtype.values()).extracting(Dtype::bytes).containsExactly(1, 8, 2, 4, 2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"float32", "bfloat16", "float16"})
  void findsTheFloatingTypesByName(String name) {
    assertThat(Dtype.ofCompute(name)).hasToString(name);
    assertThat(Dtype.ofCompute(name).isFloating()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"uint8", "int64", "FLOAT32", "float64", ""})
  void refusesOtherNames(String name) {
    assertThatThrownBy(() -> Dtype.ofCompute(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Cannot use a dtype: it must be float32, bfloat16 or float16 (%s)".formatted(name));
  }
}
