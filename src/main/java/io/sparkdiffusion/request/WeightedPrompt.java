package io.sparkdiffusion.request;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A prompt in AUTOMATIC1111's syntax: {@code (word)} weighs its tokens 1.1 times, {@code [word]}
 * 1/1.1 times, {@code (word:1.3)} 1.3 times, nested brackets multiply, a bracket that stays open
 * reaches to the end, {@code \(} is a bracket of the text, and {@code BREAK} begins a new chunk of
 * tokens. Pieces and weights are those of diffusers' community pipeline lpw_stable_diffusion, which
 * knows no {@code BREAK}.
 *
 * @param sections what lies between two {@code BREAK}, one at least
 */
public record WeightedPrompt(List<List<Piece>> sections) {

  /** Beyond these a text's states are noise. */
  private static final double LARGEST_WEIGHT = 100;

  private static final double ROUND = 1.1;
  private static final double SQUARE = 1 / 1.1;

  private static final Pattern SIGN =
      Pattern.compile(
          "\\\\(?<escaped>[()\\[\\]\\\\]?)"
              + "|(?<open>[(\\[])"
              + "|:(?<weight>[+-]?[.\\d]+(?:[eE][+-]?\\d+)?)\\)"
              + "|(?<close>[)\\]])"
              + "|(?<text>[^\\\\()\\[\\]:]+|:)");

  private static final Pattern BREAK = Pattern.compile("\\s*\\bBREAK\\b\\s*");

  /** Keeps a copy. */
  public WeightedPrompt {
    sections = sections.stream().map(List::copyOf).toList();
  }

  /** Text whose tokens have one weight. */
  public record Piece(String text, double weight) {}

  /**
   * Reads a prompt.
   *
   * @param parameter whose text it is, for the message
   * @throws IllegalArgumentException where a weight is no number or beyond -100 to 100
   */
  public static WeightedPrompt parse(Parameter<String> parameter, String prompt) {
    Reader reader = new Reader(parameter);
    Matcher sign = SIGN.matcher(prompt);
    while (sign.find()) {
      reader.take(sign);
    }
    return new WeightedPrompt(reader.sections());
  }

  /** Why a row's texts cannot be read. */
  static List<String> problems(Values row) {
    List<String> problems = new ArrayList<>();
    if (row.get(Parameters.PROMPT_SYNTAX).equals(PromptSyntax.A1111)) {
      for (Parameter<String> text : List.of(Parameters.PROMPT, Parameters.NEGATIVE_PROMPT)) {
        try {
          row.find(text).ifPresent(prompt -> parse(text, prompt));
        } catch (IllegalArgumentException e) {
          problems.add(e.getMessage());
        }
      }
    }
    return problems;
  }

  /** The pieces so far, where sections begin, and which brackets are open. */
  private static final class Reader {

    private final Parameter<String> parameter;
    private final List<Piece> pieces = new ArrayList<>();
    private final List<Integer> begins = new ArrayList<>(List.of(0));
    private final Deque<Integer> round = new ArrayDeque<>();
    private final Deque<Integer> square = new ArrayDeque<>();

    Reader(Parameter<String> parameter) {
      this.parameter = parameter;
    }

    void take(Matcher sign) {
      String open = sign.group("open");
      String weight = sign.group("weight");
      String close = sign.group("close");
      if (sign.group("escaped") != null) {
        add(sign.group("escaped"));
      } else if (open != null) {
        (open.equals("(") ? round : square).push(pieces.size());
      } else if (weight != null && !round.isEmpty()) {
        multiply(round.pop(), number(weight));
      } else if (")".equals(close) && !round.isEmpty()) {
        multiply(round.pop(), ROUND);
      } else if ("]".equals(close) && !square.isEmpty()) {
        multiply(square.pop(), SQUARE);
      } else {
        addWords(sign.group());
      }
    }

    private void addWords(String words) {
      String[] parts = BREAK.split(words, -1);
      add(parts[0]);
      for (int i = 1; i < parts.length; i++) {
        begins.add(pieces.size());
        add(parts[i]);
      }
    }

    private void add(String text) {
      pieces.add(new Piece(text, 1));
    }

    private void multiply(int from, double factor) {
      pieces
          .subList(from, pieces.size())
          .replaceAll(piece -> new Piece(piece.text(), piece.weight() * factor));
    }

    private double number(String written) {
      try {
        double weight = Double.parseDouble(written);
        if (Math.abs(weight) <= LARGEST_WEIGHT) {
          return weight;
        }
      } catch (NumberFormatException e) {
        // Two points: said below as what it is.
      }
      throw new IllegalArgumentException(
          "Cannot read %s: a weight must be a number from -100 to 100 (%s)"
              .formatted(parameter, written));
    }

    /** Brackets that stay open reach to the end. */
    List<List<Piece>> sections() {
      round.forEach(from -> multiply(from, ROUND));
      square.forEach(from -> multiply(from, SQUARE));
      begins.add(pieces.size());
      List<List<Piece>> sections = new ArrayList<>();
      for (int i = 1; i < begins.size(); i++) {
        sections.add(merged(pieces.subList(begins.get(i - 1), begins.get(i))));
      }
      return sections;
    }

    /** Neighbours of one weight become one piece: words are not torn. */
    private static List<Piece> merged(List<Piece> pieces) {
      List<Piece> merged = new ArrayList<>();
      for (Piece next : pieces) {
        int last = merged.size() - 1;
        if (last >= 0 && merged.get(last).weight() == next.weight()) {
          merged.set(last, new Piece(merged.get(last).text() + next.text(), next.weight()));
        } else {
          merged.add(next);
        }
      }
      return merged;
    }
  }
}
