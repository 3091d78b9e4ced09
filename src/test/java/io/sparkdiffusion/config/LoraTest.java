package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoraTest {

  @ParameterizedTest
  @CsvSource({
    "a.safetensors, a.safetensors, 1",
    "dir/a.safetensors:0.8, dir/a.safetensors, 0.8",
    "a.b.safetensors:-2, a.b.safetensors, -2",
    "hdfs://host:8020/a.safetensors, hdfs://host:8020/a.safetensors, 1",
    "hdfs://host:8020/a.safetensors:.5, hdfs://host:8020/a.safetensors, 0.5",
    "org/name@v1/a.safetensors:0, org/name@v1/a.safetensors, 0"
  })
  void aPathMayHaveAWeight(String text, String path, double weight) {
    assertThat(Lora.parse(text)).isEqualTo(new Lora(path, weight));
    assertThat(Lora.parse(Lora.parse(text).toString())).isEqualTo(Lora.parse(text));
  }

  @Test
  void weightsAreWrittenAsPeopleWriteThem() {
    assertThat(List.of(1.0, 0.8, -0.25, 0.0, 10.0, -0.0))
        .extracting(weight -> new Lora("a.safetensors", weight).writtenWeight())
        .containsExactly("1", "0.8", "-0.25", "0", "10", "0");
  }

  @Test
  void aRowHasItsOwn() {
    assertThat(LoraConfig.ofRow("none", LoraUnmatched.IGNORE))
        .isEqualTo(new LoraConfig(List.of(), LoraUnmatched.IGNORE));
    assertThat(LoraConfig.ofRow("a.safetensors, b.safetensors:.5", LoraUnmatched.REFUSE).all())
        .containsExactly(new Lora("a.safetensors", 1), new Lora("b.safetensors", 0.5));
    for (String cell : List.of("a secret fox", "None", "none,none", ",", "a.safetensors,fox:1")) {
      assertThatThrownBy(() -> LoraConfig.ofRow(cell, LoraUnmatched.REFUSE))
          .hasMessage(
              "Cannot use loras: each must be PATH or PATH:WEIGHT of a .safetensors file, or all of it none (a text)");
    }
    assertThatThrownBy(() -> LoraConfig.ofRow("a.ckpt:1,b.safetensors:x", LoraUnmatched.REFUSE))
        .hasMessageContainingAll("(a.ckpt)", "(NaN)");
  }

  @Test
  void allProblemsAreTold() {
    List<String> entries =
        List.of(
            "a.pt",
            "org/name",
            "a.safetensors:1e9",
            "a.safetensors:NaN",
            "a.safetensors:much",
            "a.safetensors:");
    assertThatThrownBy(() -> LoraConfig.parse(entries, LoraUnmatched.REFUSE))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        "Cannot use loras: a LoRA must be a safetensors file, a pickle runs code of whoever made it (a.pt)",
                        "Cannot use loras: each must be PATH or PATH:WEIGHT of a .safetensors file (org/name)",
                        "Cannot use loras: a weight must be a number from -100 to 100 (1.0E9)",
                        "Cannot use loras: a weight must be a number from -100 to 100 (NaN)"));
  }
}
