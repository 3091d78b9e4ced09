package io.sparkdiffusion.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.graph.TorchEngine;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * CLIP's byte-level BPE, the same ids as transformers' CLIPTokenizerFast. The tokenizers library
 * splits; cutting and padding are done here, so that what is cut off can be told.
 */
public final class ClipTokenizer implements AutoCloseable {

  private final HuggingFaceTokenizer tokenizer;
  private final int positions;
  private final long endId;
  private final long paddingId;

  private ClipTokenizer(HuggingFaceTokenizer tokenizer, int positions, long endId, long paddingId) {
    this.tokenizer = tokenizer;
    this.positions = positions;
    this.endId = endId;
    this.paddingId = paddingId;
  }

  /**
   * What the encoder is given.
   *
   * @param ids {@code positions} token ids: start, text, end, padding
   * @param tokenCount tokens of the whole text, start and end included
   * @param lostText what was cut off, empty where all fitted
   */
  public record Tokens(long[] ids, int tokenCount, String lostText) {}

  /**
   * Loads the tokenizer of a folder.
   *
   * @param folder holds {@code tokenizer.json}, or {@code vocab.json} and {@code merges.txt}
   * @param positions the number of ids for each text, 77
   * @throws ProblemsException where a file is missing or broken
   */
  public static ClipTokenizer load(Path folder, int positions) {
    SpecialTokens special = SpecialTokens.read(folder);
    HuggingFaceTokenizer tokenizer = open(folder, json(folder, special));
    try {
      long end = idOf(tokenizer, folder, special.end().content());
      long padding = idOf(tokenizer, folder, special.padding().content());
      return new ClipTokenizer(tokenizer, positions, end, padding);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  private static String json(Path folder, SpecialTokens special) {
    Path given = folder.resolve("tokenizer.json");
    if (!Files.isRegularFile(given)) {
      return TokenizerJson.of(folder, special);
    }
    try {
      return Files.readString(given);
    } catch (IOException e) {
      throw new ProblemsException(
          "Cannot read %s: it must be readable UTF-8 (%s)".formatted(given, e.getMessage()), e);
    }
  }

  private static HuggingFaceTokenizer open(Path folder, String json) {
    try {
      return TorchEngine.unpacking(
          () ->
              HuggingFaceTokenizer.newInstance(
                  new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)),
                  Map.of(
                      "padding", "false",
                      "truncation", "false",
                      "modelMaxLength", Integer.toString(Integer.MAX_VALUE))));
    } catch (Exception e) {
      throw new ProblemsException(
          "Cannot load the tokenizer of %s: vocabulary and merges must fit together (%s)"
              .formatted(folder, e.getMessage()),
          e);
    }
  }

  /** Special tokens are matched as a whole, so one encodes to itself between start and end. */
  private static long idOf(HuggingFaceTokenizer tokenizer, Path folder, String token) {
    long[] ids = tokenizer.encode(token, false, false).getIds();
    if (ids.length != 1) {
      throw new ProblemsException(
          "Cannot use the tokenizer of %s: %s must be one of its special tokens (%s tokens)"
              .formatted(folder, token, ids.length));
    }
    return ids[0];
  }

  /** Splits, cuts and pads a text. */
  public Tokens encode(String text) {
    Encoding encoding = tokenizer.encode(text);
    long[] all = encoding.getIds();
    long[] ids = Arrays.copyOf(all, positions);
    if (all.length <= positions) {
      Arrays.fill(ids, all.length, positions, paddingId);
      return new Tokens(ids, all.length, "");
    }
    ids[positions - 1] = endId;
    return new Tokens(ids, all.length, textFrom(text, encoding.getCharTokenSpans()));
  }

  /** The text from the first token that found no place; spans count code points. */
  private String textFrom(String text, CharSpan[] spans) {
    return text.substring(text.offsetByCodePoints(0, spans[positions - 1].getStart()));
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
