package io.sparkdiffusion.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PromptEmbedsTest {

  private static final List<List<Double>> TWO = List.of(List.of(1.0, 2.0), List.of(3.0, 4.0));

  @Test
  void aCellIsRowsOfNumbers() {
    PromptEmbeds embeds = PromptEmbeds.of(TWO);
    assertThat(embeds.rows()).isEqualTo(2);
    assertThat(embeds.width()).isEqualTo(2);
    assertThat(embeds.values()).containsExactly(1, 2, 3, 4);
    assertThat(embeds.table()).isDeepEqualTo(new float[][] {{1, 2}, {3, 4}});
    assertThat(PromptEmbeds.of(List.of(List.of(1, 2f), List.of(3L, 4.0)))).isEqualTo(embeds);
    assertThat(PromptEmbeds.of(List.of(List.of(1, 2, 3, 4)))).isNotEqualTo(embeds);
    assertThat(PromptEmbeds.of(List.of(List.of(1, 2), List.of(3, 5)))).isNotEqualTo(embeds);
  }

  @Test
  void whatCannotBeUsedSaysWhy() {
    assertProblem("a text", "be a list of rows of numbers (another kind)");
    assertProblem(List.of(), "be a list of rows of numbers (no row)");
    assertProblem(List.of(List.of()), "have rows of one width (row 1 is another)");
    assertProblem(List.of(List.of(1, 2), List.of(3)), "have rows of one width (row 2 is another)");
    assertProblem(
        List.of(List.of(1, 2), List.of(3, Float.NaN)), "hold finite numbers (NaN in row 2)");
    assertProblem(List.of(List.of(1e300)), "hold finite numbers (1.0E300 in row 1)");
    assertProblem(List.of(Arrays.asList(1, null)), "hold finite numbers (none in row 1)");
  }

  private static void assertProblem(Object cell, String problem) {
    assertThatThrownBy(() -> Parameters.PROMPT_EMBEDS.read(cell))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot read prompt_embeds: it must " + problem);
  }

  @Test
  void theyStandInThePlaceOfTheTexts() {
    Values job = Values.usual().with(Parameters.NEGATIVE_PROMPT.of("blurry"));
    ImageRequest request = valid(Map.of("id", "a", "prompt_embeds", TWO), job);
    assertThat(request.prompt()).isEmpty();
    assertThat(request.negativePrompt()).isEqualTo("blurry");
    assertThat(request.canonical())
        .containsEntry("prompt_embeds", PromptEmbeds.of(TWO).digest())
        .doesNotContainKey("negative_prompt_embeds");
    assertThat(request.toString()).doesNotContain(PromptEmbeds.of(TWO).digest());

    Map<String, Object> both = new HashMap<>();
    both.put("id", "a");
    both.put("prompt", "");
    both.put("prompt_embeds", TWO);
    both.put("negative_prompt_embeds", TWO);
    assertThat(valid(both, job).negativePrompt()).isEmpty();
    assertThat(valid(Map.of("id", "a", "prompt", "x"), job).canonical().keySet())
        .noneMatch(key -> key.contains("embeds"));
  }

  @Test
  void aRowWithTextsBesideThemOrOfTwoLengthsFails() {
    RowRequests wrong =
        RowRequests.of(
            Map.of(
                "id", "a",
                "prompt", "x",
                "prompt_embeds", TWO,
                "negative_prompt", "y",
                "negative_prompt_embeds", List.of(List.of(1, 2))),
            Values.usual());
    assertThat(((RowRequests.Invalid) wrong).reasons())
        .containsExactly(
            "Cannot use negative_prompt_embeds: it must be as long and wide as prompt_embeds, 2 x 2 (1 x 2)",
            "Cannot use negative_prompt_embeds: negative_prompt must be empty beside it (both are set)",
            "Cannot use prompt_embeds: prompt must be empty beside it (both are set)");
  }

  private static ImageRequest valid(Map<String, ?> cells, Values job) {
    return ((RowRequests.Valid) RowRequests.of(cells, job)).requests().get(0);
  }
}
