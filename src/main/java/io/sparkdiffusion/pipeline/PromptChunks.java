package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.request.WeightedPrompt;
import io.sparkdiffusion.request.WeightedPrompt.Piece;
import io.sparkdiffusion.text.ClipTokenizer;
import io.sparkdiffusion.text.ClipTokenizer.TextTokens;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A weighted prompt as the text encoder reads it: chunks of 75 tokens, each between start and end
 * and filled up with padding before the end, and a weight for each place (diffusers' community
 * pipeline lpw_stable_diffusion with no_boseos_middle=False).
 */
final class PromptChunks {

  /** How many a text has at most; what comes behind them is lost, and told. */
  static final int MOST = 8;

  private final ClipTokenizer tokenizer;
  private final List<List<Token>> chunks = new ArrayList<>();
  private final StringBuilder lost = new StringBuilder();
  private int tokens = 2;
  private boolean full;

  private record Token(long id, float weight) {}

  private PromptChunks(ClipTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  static PromptChunks of(WeightedPrompt prompt, ClipTokenizer tokenizer) {
    PromptChunks chunks = new PromptChunks(tokenizer);
    for (List<Piece> section : prompt.sections()) {
      chunks.beginChunk();
      section.forEach(chunks::add);
    }
    return chunks;
  }

  private void beginChunk() {
    full |= chunks.size() == MOST;
    if (!full) {
      chunks.add(new ArrayList<>());
    }
  }

  private void add(Piece piece) {
    TextTokens text = tokenizer.textTokens(piece.text());
    tokens += text.ids().length;
    for (int i = 0; i < text.ids().length; i++) {
      if (last().size() == tokenizer.textPositions()) {
        beginChunk();
      }
      if (full) {
        lost.append(text.from(i));
        return;
      }
      last().add(new Token(text.ids()[i], (float) piece.weight()));
    }
  }

  private List<Token> last() {
    return chunks.get(chunks.size() - 1);
  }

  /** Tokens of the whole text, start and end included. */
  int tokenCount() {
    return tokens;
  }

  /** What found no place, empty where all did. */
  String lostText() {
    return lost.toString();
  }

  /** How many it has, one at least. */
  int count() {
    return chunks.size();
  }

  /** The ids of each chunk, with empty ones up to a number. */
  List<long[]> ids(int number) {
    List<long[]> ids = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      List<Token> chunk = i < count() ? chunks.get(i) : List.of();
      ids.add(tokenizer.chunk(chunk.stream().mapToLong(Token::id).toArray()));
    }
    return ids;
  }

  /** The weight of each place of so many chunks, 1 where there is no text. */
  float[] weights(int number) {
    int positions = tokenizer.textPositions() + 2;
    float[] weights = new float[number * positions];
    Arrays.fill(weights, 1);
    for (int i = 0; i < count(); i++) {
      for (int j = 0; j < chunks.get(i).size(); j++) {
        weights[i * positions + 1 + j] = chunks.get(i).get(j).weight();
      }
    }
    return weights;
  }

  /**
   * States times their tokens' weights, scaled so that their mean is as before.
   *
   * @param states (places, width) in order, changed in place
   * @param weights of each place
   */
  static void weigh(float[] states, float[] weights) {
    int width = states.length / weights.length;
    double before = mean(states);
    for (int i = 0; i < states.length; i++) {
      states[i] *= weights[i / width];
    }
    float factor = (float) (before / mean(states));
    for (int i = 0; i < states.length; i++) {
      states[i] *= factor;
    }
  }

  private static double mean(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum / values.length;
  }
}
