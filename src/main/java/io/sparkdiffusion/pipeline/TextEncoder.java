package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.pipeline.ImageResult.TextUse;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.PromptEmbeds;
import io.sparkdiffusion.request.PromptSyntax;
import io.sparkdiffusion.request.WeightedPrompt;
import io.sparkdiffusion.text.ClipTokenizer;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;

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

  /** What is told of embeddings that a row has brought. */
  static final TextUse NO_TEXT = new TextUse(0, "");

  private final ClipTokenizer tokenizer;
  private final IntFunction<CompiledGraph> model;
  private final TorchDevice device;
  private final long vocabulary;
  private final Map<Text, EncodedText> remembered = new LinkedHashMap<>(16, 0.75f, true);
  private long bytesEach = 1;

  /**
   * A text to encode.
   *
   * @param syntax of {@link PromptSyntax}
   * @param chunks of how many its embeddings are, at least as many as {@link #chunks} says
   * @param skipped how many of the model's last layers are left out
   * @param given embeddings in the place of the words
   */
  record Text(String words, String syntax, int chunks, int skipped, Optional<PromptEmbeds> given) {

    /** One of words. */
    Text(String words, String syntax, int chunks, int skipped) {
      this(words, syntax, chunks, skipped, Optional.empty());
    }
  }

  /**
   * A text with its embeddings.
   *
   * @param embeddings (1, chunks x positions, width) float32, the encoder's until it forgets the
   *     text
   */
  record EncodedText(TextUse use, DeviceTensor embeddings) {}

  /**
   * An encoder over borrowed parts.
   *
   * @param model gives {@link io.sparkdiffusion.text.ClipTextModel} without so many last layers,
   *     compiled on the device; asked whenever a text is computed
   * @param vocabulary how many ids the model knows
   */
  TextEncoder(
      ClipTokenizer tokenizer,
      IntFunction<CompiledGraph> model,
      TorchDevice device,
      long vocabulary) {
    this.vocabulary = vocabulary;
    this.tokenizer = tokenizer;
    this.model = model;
    this.device = device;
  }

  /** The embeddings of a text, computed where they are not remembered. */
  EncodedText encode(Text text) {
    EncodedText known = remembered.get(text);
    if (known == null) {
      known = compute(text);
      bytesEach = Math.max(bytesEach, known.embeddings().shape().count() * Float.BYTES);
      remembered.put(text, known);
    }
    return known;
  }

  /** Whether a text's embeddings are known. */
  boolean remembers(Text text) {
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

  /** How many texts are remembered whose embeddings take so many bytes at most. */
  static int remembered(long bytesEach) {
    return (int) Math.max(ENCODED_TOGETHER, Math.min(REMEMBERED, REMEMBERED_BYTES / bytesEach));
  }

  /** Of how many chunks of tokens a text is. */
  int chunks(String words, String syntax) {
    return isPlain(syntax) ? 1 : chunksOf(words).count();
  }

  /** How much of a text is read, without its embeddings. */
  TextUse use(String words, String syntax) {
    return isPlain(syntax) ? use(tokenizer.encode(words)) : use(chunksOf(words));
  }

  private static TextUse use(ClipTokenizer.Tokens tokens) {
    return new TextUse(tokens.tokenCount(), tokens.lostText());
  }

  private static TextUse use(PromptChunks chunks) {
    return new TextUse(chunks.tokenCount(), chunks.lostText());
  }

  private static boolean isPlain(String syntax) {
    return syntax.equals(PromptSyntax.PLAIN);
  }

  private PromptChunks chunksOf(String words) {
    return PromptChunks.of(WeightedPrompt.parse(Parameters.PROMPT, words), tokenizer);
  }

  private EncodedText compute(Text text) {
    if (text.given().isPresent()) {
      PromptEmbeds given = text.given().get();
      return new EncodedText(
          NO_TEXT, device.floats(given.values(), 1, given.rows(), given.width()));
    }
    if (isPlain(text.syntax())) {
      ClipTokenizer.Tokens tokens = tokenizer.encode(text.words());
      return new EncodedText(use(tokens), states(tokens.ids(), text.skipped()));
    }
    PromptChunks chunks = chunksOf(text.words());
    return new EncodedText(use(chunks), weighted(chunks, text));
  }

  /** Chunks are encoded one by one and joined; their weights are applied on the host. */
  private DeviceTensor weighted(PromptChunks chunks, Text text) {
    int number = text.chunks();
    List<float[]> parts = new ArrayList<>();
    for (long[] ids : chunks.ids(number)) {
      try (DeviceTensor states = states(ids, text.skipped())) {
        parts.add(states.toFloats());
      }
    }
    int each = parts.get(0).length;
    float[] all = new float[number * each];
    for (int i = 0; i < number; i++) {
      System.arraycopy(parts.get(i), 0, all, i * each, each);
    }
    float[] weights = chunks.weights(number);
    PromptChunks.weigh(all, weights);
    return device.floats(all, 1, weights.length, all.length / weights.length);
  }

  /** The network's answer: (1, positions, width). */
  private DeviceTensor states(long[] tokens, int skipped) {
    long largest = Arrays.stream(tokens).max().orElse(0);
    if (largest >= vocabulary) {
      throw new ProblemsException(
          "Cannot encode a text: the tokenizer's ids must be below the text encoder's vocab_size"
              + " (id %s, vocab_size %s)".formatted(largest, vocabulary));
    }
    try (DeviceTensor ids = device.longs(tokens, 1, tokens.length)) {
      return model.apply(skipped).run(ids);
    }
  }

  /** Forgets all texts. */
  @Override
  public void close() {
    remembered.values().forEach(text -> text.embeddings().close());
    remembered.clear();
  }
}
