package io.sparkdiffusion.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.util.NativeCacheException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * CLIP's byte-level BPE, the same ids as transformers' CLIPTokenizerFast. The tokenizers library
 * splits; cutting and padding are done here, so that what is cut off can be told.
 */
public final class ClipTokenizer implements AutoCloseable {

  /**
   * Of any text with its placeholders written out: from some 9 MB on the library ends the JVM. A
   * prompt has half as many, so that what is left of a longer text has more tokens than are read.
   */
  private static final int MOST_CHARACTERS = 200_000;

  private static final int REPLACEMENT = 0xFFFD;

  private final HuggingFaceTokenizer tokenizer;
  private final Placeholders placeholders;
  private final int positions;
  private final Ids ids;

  private ClipTokenizer(
      HuggingFaceTokenizer tokenizer, Placeholders placeholders, int positions, Ids ids) {
    this.tokenizer = tokenizer;
    this.placeholders = placeholders;
    this.positions = positions;
    this.ids = ids;
  }

  /** Ids that have a meaning of their own. */
  private record Ids(long start, long end, long padding, long largestOwn, long largest) {}

  /**
   * What the encoder is given.
   *
   * @param ids {@code positions} token ids: start, text, end, padding
   * @param tokenCount tokens of the whole text, start and end included
   * @param lostText what was cut off, empty where all fitted
   */
  public record Tokens(long[] ids, int tokenCount, String lostText) {}

  /**
   * All tokens of a text, without start and end.
   *
   * @param text with its placeholders written out
   * @param ids as many as there are
   * @param begins where in the text each begins, in code points
   */
  public record TextTokens(String text, long[] ids, int[] begins) {

    /** What the text says from a token on. */
    public String from(int token) {
      return text.substring(text.offsetByCodePoints(0, begins[token]));
    }
  }

  /**
   * Loads the tokenizer of a folder.
   *
   * @param folder holds {@code tokenizer.json}, or {@code vocab.json} and {@code merges.txt}
   * @param positions the number of ids for each text, 77
   * @throws ProblemsException where a file is missing or broken
   */
  public static ClipTokenizer load(Path folder, int positions) {
    return load(folder, positions, List.of());
  }

  /**
   * The same with more tokens, which get the ids {@link #firstNew} to {@link #count}.
   *
   * @throws ProblemsException where one is there already, too
   */
  public static ClipTokenizer load(Path folder, int positions, List<NewToken> more) {
    TokenizerFolder own = TokenizerFolder.read(folder);
    TokenizerFolder read = own.with(more);
    Ids ids =
        new Ids(
            idOf(read.added(), read.special().start()),
            read.vocabulary().required(read.special().end().content()),
            idOf(read.added(), read.special().padding()),
            own.largest(),
            read.largest());
    return new ClipTokenizer(
        open(folder, TokenizerJson.of(read.vocabulary(), read.special(), read.added())),
        new Placeholders(read.added()),
        positions,
        ids);
  }

  /**
   * Makes sure that tokens can be added to a folder's.
   *
   * @throws ProblemsException with every one that is there already
   */
  public static void requireNew(Path folder, List<NewToken> tokens) {
    TokenizerFolder.read(folder).with(tokens);
  }

  private static long idOf(Map<Integer, AddedToken> added, AddedToken token) {
    return added.entrySet().stream()
        .filter(entry -> entry.getValue().content().equals(token.content()))
        .findFirst()
        .orElseThrow()
        .getKey();
  }

  private static HuggingFaceTokenizer open(Path folder, String json) {
    try {
      return TokenizerNatives.unpacking(
          () ->
              HuggingFaceTokenizer.newInstance(
                  new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)),
                  Map.of(
                      "padding", "false",
                      "truncation", "false",
                      "modelMaxLength", Integer.toString(Integer.MAX_VALUE))));
    } catch (NativeCacheException e) {
      throw new ProblemsException(e.getMessage(), e);
    } catch (Exception e) {
      throw new ProblemsException(
          "Cannot load the tokenizer of %s: vocabulary and merges must fit together (%s)"
              .formatted(folder, e.getMessage()),
          e);
    }
  }

  /**
   * Makes sure that the text encoder knows every id of the folder's, those of added tokens too, so
   * that no single prompt ends a run.
   *
   * @param vocabulary how many ids it knows
   * @param model whose tokenizer it is
   * @throws ProblemsException where it does not
   */
  public void requireIdsBelow(long vocabulary, Path model) {
    if (ids.largestOwn() >= vocabulary) {
      throw new ProblemsException(
          ("Cannot use the tokenizer of %s: its ids must be below the text encoder's vocab_size"
                  + " (id %s, vocab_size %s)")
              .formatted(model, ids.largestOwn(), vocabulary));
    }
  }

  /** The first id behind the folder's own. */
  public long firstNew() {
    return ids.largestOwn() + 1;
  }

  /** How many ids there are, those of more tokens among them. */
  public long count() {
    return ids.largest() + 1;
  }

  /** Splits, cuts and pads a text; its placeholders are written out before. */
  public Tokens encode(String text) {
    TextTokens all = textTokens(text);
    int count = all.ids().length;
    int room = textPositions();
    int taken = Math.min(count, room);
    long[] padded = new long[positions];
    Arrays.fill(padded, ids.padding());
    padded[0] = ids.start();
    System.arraycopy(all.ids(), 0, padded, 1, taken);
    padded[taken + 1] = ids.end();
    return new Tokens(padded, count + 2, count > room ? all.from(room) : "");
  }

  /** Splits a text, whose placeholders are written out before, into as many tokens as it has. */
  public TextTokens textTokens(String text) {
    String plain = whole(text);
    Encoding first = tokenizer.encode(plain);
    String written = placeholders.writtenOut(plain, first.getIds(), MOST_CHARACTERS);
    boolean isSame = written.equals(plain);
    String last = isSame ? plain : whole(written);
    Encoding encoding = isSame ? first : tokenizer.encode(last);
    long[] all = encoding.getIds();
    CharSpan[] spans = encoding.getCharTokenSpans();
    return new TextTokens(
        last,
        Arrays.copyOfRange(all, 1, all.length - 1),
        IntStream.range(1, all.length - 1)
            .map(i -> spans[i] == null ? 0 : spans[i].getStart())
            .toArray());
  }

  /** How many tokens of a text the encoder takes beside start and end: 75. */
  public int textPositions() {
    return positions - 2;
  }

  /** Tokens of a text, {@link #textPositions()} at most, filled up between start and end. */
  public long[] chunk(long[] tokens) {
    long[] padded = new long[positions];
    Arrays.fill(padded, ids.padding());
    padded[0] = ids.start();
    System.arraycopy(tokens, 0, padded, 1, tokens.length);
    padded[positions - 1] = ids.end();
    return padded;
  }

  /** At most so long, and with U+FFFD for halves of characters, which have no bytes in UTF-8. */
  private static String whole(String text) {
    String cut = text.substring(0, Math.min(text.length(), MOST_CHARACTERS));
    return StandardCharsets.UTF_16.newEncoder().canEncode(cut)
        ? cut
        : cut.codePoints()
            .map(c -> Character.getType(c) == Character.SURROGATE ? REPLACEMENT : c)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
