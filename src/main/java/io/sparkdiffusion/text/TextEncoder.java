package io.sparkdiffusion.text;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Texts to prompt embeddings, one text at a time so that they do not depend on neighbours; the
 * texts used last are remembered. Not thread-safe.
 */
public final class TextEncoder {

  private static final int REMEMBERED = 256;

  private final ClipTokenizer tokenizer;
  private final Supplier<CompiledGraph> model;
  private final TorchDevice device;
  private final long vocabulary;
  private final Map<String, EncodedText> remembered =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, EncodedText> eldest) {
          return size() > REMEMBERED;
        }
      };

  /**
   * A text with its embeddings.
   *
   * @param embeddings (positions, width) float32, row by row
   */
  public record EncodedText(ClipTokenizer.Tokens tokens, float[] embeddings) {}

  /**
   * An encoder over borrowed parts.
   *
   * @param model gives {@link ClipTextModel}, compiled on the device; asked whenever a text is
   *     computed
   * @param vocabulary how many ids the model knows
   */
  public TextEncoder(
      ClipTokenizer tokenizer, Supplier<CompiledGraph> model, TorchDevice device, long vocabulary) {
    this.vocabulary = vocabulary;
    this.tokenizer = tokenizer;
    this.model = model;
    this.device = device;
  }

  /** The embeddings of a text, computed where they are not remembered. */
  public EncodedText encode(String text) {
    EncodedText known = remembered.get(text);
    if (known == null) {
      known = compute(text);
      remembered.put(text, known);
    }
    return known;
  }

  /** Whether a text's embeddings are known. */
  public boolean remembers(String text) {
    return remembered.containsKey(text);
  }

  /** The tokens of a text. */
  public ClipTokenizer.Tokens tokens(String text) {
    return tokenizer.encode(text);
  }

  private EncodedText compute(String text) {
    ClipTokenizer.Tokens tokens = tokenizer.encode(text);
    long largest = Arrays.stream(tokens.ids()).max().orElse(0);
    if (largest >= vocabulary) {
      throw new ProblemsException(
          "Cannot encode a text: the tokenizer's ids must be below the text encoder's vocab_size"
              + " (id %s, vocab_size %s)".formatted(largest, vocabulary));
    }
    try (DeviceTensor ids = device.longs(tokens.ids(), 1, tokens.ids().length);
        DeviceTensor embeddings = model.get().run(ids)) {
      return new EncodedText(tokens, embeddings.toFloats());
    }
  }
}
