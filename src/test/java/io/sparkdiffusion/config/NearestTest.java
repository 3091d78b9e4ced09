package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {

  @ParameterizedTest
  @CsvSource({"kitten, sitting, 3", "'', abc, 3", "abc, '', 3", "seed, seed, 0", "flaw, lawn, 2"})
  void countsEdits(String a, String b, int edits) {
    assertThat(Nearest.distance(a, b)).isEqualTo(edits);
  }

  @Test
  void findsTheLikeliestName() {
    assertThat(Nearest.to("promt", List.of("seed", "prompts", "prompt"))).isEqualTo("prompt");
    assertThat(Nearest.to("x", List.of("b", "a"))).isEqualTo("b");
  }
}
