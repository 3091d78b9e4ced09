package io.sparkdiffusion.text;

import io.sparkdiffusion.weights.ComponentConfig;
import java.nio.file.Path;

/**
 * What {@code text_encoder/config.json} says of a CLIPTextModel.
 *
 * @param width of the hidden states
 * @param innerWidth of the feed-forward layers
 * @param positions the longest text in tokens, 77
 * @param activation {@code gelu} or {@code quick_gelu}
 */
public record TextConfig(
    long vocabulary,
    long width,
    long innerWidth,
    int layers,
    long heads,
    long positions,
    double normEpsilon,
    String activation) {

  /** CLIP's is 77, that of its longest descendants 248: a wrong number must not fill the memory. */
  private static final long MOST_POSITIONS = 4096;

  /**
   * Reads and checks a file.
   *
   * @throws io.sparkdiffusion.config.ProblemsException with every key that does not fit
   */
  public static TextConfig read(Path file) {
    ComponentConfig json = ComponentConfig.read(file);
    json.choice("model_type", "clip_text_model");
    TransformersDefaults.check(json);
    TextConfig config =
        new TextConfig(
            json.size("vocab_size"),
            json.size("hidden_size"),
            json.size("intermediate_size"),
            json.count("num_hidden_layers"),
            json.size("num_attention_heads"),
            json.size("max_position_embeddings", 77),
            json.positive("layer_norm_eps", 1e-5),
            json.choice("hidden_act", "quick_gelu", "gelu"));
    json.require(
        config.positions <= MOST_POSITIONS,
        "no text encoder takes more than %s tokens".formatted(MOST_POSITIONS),
        "max_position_embeddings");
    json.require(
        config.width % config.heads == 0,
        "the hidden size must be a multiple of the heads",
        "num_attention_heads",
        "hidden_size");
    json.finish();
    return config;
  }

  /** The same for another number of ids. */
  public TextConfig withVocabulary(long ids) {
    return new TextConfig(
        ids, width, innerWidth, layers, heads, positions, normEpsilon, activation);
  }
}
