package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.text.ClipTokenizer;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Texts to prompt embeddings, one text at a time so that they do not depend on neighbours; the
 * texts used last are remembered, on the device, where they take {@link #REMEMBERED_BYTES} and what
 * is encoded together besides. Not thread-safe.
 */
final class TextEncoder implements AutoCloseable {

  /** How many texts at most. */
  static final int REMEMBERED = 256;

  /**
   * What they may take: a hundred texts of Stable Diffusion 2, whose embeddings are 0.3 MB each.
   */
  private static final long REMEMBERED_BYTES = 32L << 20;

  /** Whatever they take: those that are encoded together are there until their images are made. */
  private static final int ENCODED_TOGETHER = 2 * StableDiffusionPipeline.MOST_UPCOMING;

  private final ClipTokenizer tokenizer;
  private final Supplier<CompiledGraph> model;
  private final TorchDevice device;
  private final long vocabulary;
  private final Map<String, EncodedText> remembered = new LinkedHashMap<>(16, 0.75f, true);
  private long bytesEach = 1;

  /**
   * A text with its embeddings.
   *
   * @param embeddings (1, positions, width) float32, the encoder's until it forgets the text
   */
  record EncodedText(ClipTokenizer.Tokens tokens, DeviceTensor embeddings) {}

  /**
   * An encoder over borrowed parts.
   *
   * @param model gives {@link io.sparkdiffusion.text.ClipTextModel}, compiled on the device; asked
   *     whenever a text is computed
   * @param vocabulary how many ids the model knows
   */
  TextEncoder(
      ClipTokenizer tokenizer, Supplier<CompiledGraph> model, TorchDevice device, long vocabulary) {
    this.vocabulary = vocabulary;
    this.tokenizer = tokenizer;
    this.model = model;
    this.device = device;
  }

  /** The embeddings of a text, computed where they are not remembered. */
  EncodedText encode(String text) {
    EncodedText known = remembered.get(text);
    if (known == null) {
      known = compute(text);
      bytesEach = known.embeddings().shape().count() * Float.BYTES;
      remembered.put(text, known);
    }
    return known;
  }

  /** Whether a text's embeddings are known. */
  boolean remembers(String text) {
    return remembered.containsKey(text);
  }

  /**
   * Forgets the texts that were not used for longest, but for so many as {@link #remembered} says,
   * and closes their embeddings: whoever calls this uses none any more.
   */
  void forgetOldest() {
    Iterator<EncodedText> oldestFirst = remembered.values().iterator();
    int surplus = remembered.size() - remembered(bytesEach);
    for (; surplus > 0; surplus--) {
      oldestFirst.next().embeddings().close();
      oldestFirst.remove();
    }
  }

  /** How many texts are remembered whose embeddings take so many bytes each. */
  static int remembered(long bytesEach) {
    return (int) Math.max(ENCODED_TOGETHER, Math.min(REMEMBERED, REMEMBERED_BYTES / bytesEach));
  }

  /** The tokens of a text. */
  ClipTokenizer.Tokens tokens(String text) {
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
    try (DeviceTensor ids = device.longs(tokens.ids(), 1, tokens.ids().length)) {
      return new EncodedText(tokens, model.get().run(ids));
    }
  }

  /** Forgets all texts. */
  @Override
  public void close() {
    remembered.values().forEach(text -> text.embeddings().close());
    remembered.clear();
  }
}
