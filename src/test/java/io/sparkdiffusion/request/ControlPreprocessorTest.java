package io.sparkdiffusion.request;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ControlPreprocessorTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "canny | canny | canny | canny",
        "none | none | none | none",
        "none, canny | none | canny | none",
        "canny,none,canny | canny | none | canny"
      })
  void oneWordIsForAllAndSeveralForEach(String setting, String first, String second, String third) {
    Values values = Values.of(Parameters.CONTROL_PREPROCESSOR.of(setting));

    assertThat(ControlPreprocessor.of(InputImage.CONTROL, values)).isEqualTo(first);
    assertThat(ControlPreprocessor.of(InputImage.CONTROL_2, values)).isEqualTo(second);
    assertThat(ControlPreprocessor.of(InputImage.CONTROL_3, values)).isEqualTo(third);
    assertThat(ControlPreprocessor.of(InputImage.INIT, values)).isEqualTo("none");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"''", "depth", "canny,", "canny none", "none,none,none,none"})
  void anythingElseIsRefused(String setting) {
    assertThat(Parameters.CONTROL_PREPROCESSOR.problem(setting)).isPresent();
    assertThat(Parameters.CONTROL_PREPROCESSOR.problem("canny")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"canny, 3, true", "'canny,none', 2, true", "'canny,none', 1, false"})
  void thereAreAsManyWordsAsControlNets(String setting, int controlNets, boolean fits) {
    assertThat(ControlPreprocessor.problem(setting, controlNets).isEmpty()).isEqualTo(fits);
  }
}
