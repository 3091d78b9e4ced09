package io.sparkdiffusion.request;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkdiffusion.request.WeightedPrompt.Piece;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.testing.Requests;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pieces and weights against diffusers' community pipeline for weighted prompts. */
class WeightedPromptTest {

  @Test
  void piecesAndWeightsEqualDiffusers() throws IOException {
    JsonNode reference =
        new ObjectMapper().readTree(ReferenceModels.folder("weighted.json").toFile());
    SoftAssertions all = new SoftAssertions();
    for (Map.Entry<String, JsonNode> prompt : reference.get("pieces").properties()) {
      List<Piece> expected = new ArrayList<>();
      prompt
          .getValue()
          .forEach(pair -> expected.add(new Piece(pair.get(0).asText(), pair.get(1).asDouble())));
      List<Piece> actual = new ArrayList<>();
      pieces(prompt.getKey()).sections().forEach(actual::addAll);
      all.assertThat(actual.isEmpty() ? List.of(new Piece("", 1)) : actual)
          .as(prompt.getKey())
          .isEqualTo(expected);
    }
    all.assertAll();
    assertThat(reference.get("pieces")).hasSizeGreaterThan(500);
  }

  @Test
  void breakBeginsASectionInsideBracketsToo() {
    assertThat(pieces("a fox BREAK (night BREAK sky:1.2), BREAKING news").sections())
        .containsExactly(
            List.of(new Piece("a fox", 1)),
            List.of(new Piece("", 1), new Piece("night", 1.2)),
            List.of(new Piece("sky", 1.2), new Piece(", BREAKING news", 1)));
  }

  @ParameterizedTest
  @CsvSource({
    "(a:1e9),1e9",
    "(a:-101) b,-101",
    "(a:1.2.3),1.2.3",
    "(a:.),.",
    "((a:1000000000)),1000000000"
  })
  void aWeightThatCannotBeMeantIsARowThatFails(String prompt, String said) {
    Values row =
        Values.usual()
            .with(Parameters.ID.of("a"))
            .with(Parameters.PROMPT.of("a fox"))
            .with(Parameters.NEGATIVE_PROMPT.of(prompt))
            .with(Parameters.PROMPT_SYNTAX.of("a1111"));
    assertThat(RowRequests.of(row, Requests.job()))
        .isEqualTo(
            new RowRequests.Invalid(
                "a",
                List.of(
                    "Cannot read negative_prompt: a weight must be a number from -100 to 100 (%s)"
                        .formatted(said))));
    assertThat(RowRequests.of(row.with(Parameters.PROMPT_SYNTAX.of("plain")), Requests.job()))
        .isInstanceOf(RowRequests.Valid.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a (red:1.3) fox", "(a, b:.5)", "((a:-1))", "(a: 1.2 )"})
  void aPromptThatLooksWeightedIsKnown(String prompt) {
    assertThat(PromptSyntax.looksWeighted(prompt)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a fox (red)", "at 12:30", "(see: page)", "[a:1]", "ratio 1:2)"})
  void otherPromptsAreNot(String prompt) {
    assertThat(PromptSyntax.looksWeighted(prompt)).isFalse();
  }

  private static WeightedPrompt pieces(String prompt) {
    return WeightedPrompt.parse(Parameters.PROMPT, prompt);
  }
}
