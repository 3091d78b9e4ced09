package io.sparkdiffusion.request;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Rows with embeddings in the place of texts (diffusers, check_inputs of its pipelines). */
final class GivenEmbeds {

  private static final Map<Parameter<PromptEmbeds>, Parameter<String>> TEXTS =
      Map.of(
          Parameters.PROMPT_EMBEDS, Parameters.PROMPT,
          Parameters.NEGATIVE_PROMPT_EMBEDS, Parameters.NEGATIVE_PROMPT);

  private GivenEmbeds() {}

  /** What is wrong with a row's own embeddings and texts, beside what each of them says. */
  static List<String> problems(Values row) {
    List<String> problems = new ArrayList<>();
    TEXTS.forEach(
        (embeds, text) -> {
          if (row.find(embeds).isPresent() && !row.find(text).orElse("").isEmpty()) {
            problems.add(
                "Cannot use %s: %s must be empty beside it (both are set)".formatted(embeds, text));
          }
        });
    row.find(Parameters.PROMPT_EMBEDS)
        .ifPresent(
            own ->
                row.find(Parameters.NEGATIVE_PROMPT_EMBEDS)
                    .filter(other -> own.rows() != other.rows() || own.width() != other.width())
                    .ifPresent(
                        other ->
                            problems.add(
                                "Cannot use negative_prompt_embeds: it must be as long and wide as prompt_embeds, %s x %s (%s x %s)"
                                    .formatted(
                                        own.rows(), own.width(), other.rows(), other.width()))));
    return problems.stream().sorted().toList();
  }

  /** The row with no text where it has embeddings, whatever the job says. */
  static Values withoutTexts(Values row) {
    Values result = row;
    for (Map.Entry<Parameter<PromptEmbeds>, Parameter<String>> both : TEXTS.entrySet()) {
      if (row.find(both.getKey()).isPresent()) {
        result = result.with(both.getValue().of(""));
      }
    }
    return result;
  }
}
