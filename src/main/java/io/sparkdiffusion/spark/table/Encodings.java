package io.sparkdiffusion.spark.table;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;

/** Which encoding a text has that is not in the one it should be, as far as its bytes tell. */
final class Encodings {

  private static final String SET = "set prompts_options={encoding: %s}";

  /** What a file begins with; UTF-32's first, since one begins with UTF-16's. */
  private static final List<Mark> MARKS =
      List.of(
          new Mark("UTF-32", 0xFF, 0xFE, 0, 0),
          new Mark("UTF-32", 0, 0, 0xFE, 0xFF),
          new Mark("UTF-16", 0xFF, 0xFE),
          new Mark("UTF-16", 0xFE, 0xFF));

  private record Mark(String encoding, int... bytes) {

    boolean begins(byte[] text) {
      return text.length >= bytes.length
          && IntStream.range(0, bytes.length).allMatch(i -> (text[i] & 0xFF) == bytes[i]);
    }
  }

  private Encodings() {}

  /** Refuses a text in UTF-8 that begins with the mark of UTF-16 or UTF-32. */
  static void refuseOthersMark(byte[] beginning, Charset encoding) throws TextFault {
    if (!encoding.equals(StandardCharsets.UTF_8)) {
      return;
    }
    for (Mark mark : MARKS) {
      if (mark.begins(beginning)) {
        throw new TextFault(
            "its text must be UTF-8, else " + SET.formatted(mark.encoding()),
            "it begins with the mark of " + mark.encoding());
      }
    }
  }

  /** What bytes are that the encoding has not. */
  static TextFault broken(Charset encoding, int line) {
    String rule =
        encoding.equals(StandardCharsets.UTF_8)
            ? "its text must be UTF-8, else " + SET.formatted("windows-1252") + ", or what it is in"
            : "its text must be %s, as prompts_options says".formatted(encoding.name());
    return new TextFault(rule, "line " + line + " is not");
  }

  /** What NUL characters in a text mean: most likely letters of two or four bytes. */
  static TextFault zeros(byte[] beginning, Charset encoding, int line) {
    String place = "line " + line + " has some";
    String likely = encoding.equals(StandardCharsets.UTF_8) ? wide(beginning) : "";
    return likely.isEmpty()
        ? new TextFault("its text must have no NUL characters", place)
        : new TextFault(
            "its text must be UTF-8 without NUL characters, else " + SET.formatted(likely), place);
  }

  /** The encoding of two or four bytes that plain letters would be in, empty for none. */
  private static String wide(byte[] beginning) {
    int[] zeros = new int[4];
    for (int i = 0; i < beginning.length; i++) {
      zeros[i % 4] += beginning[i] == 0 ? 1 : 0;
    }
    int most = beginning.length / 4 * 3 / 4;
    boolean[] isZero = new boolean[4];
    for (int i = 0; i < 4; i++) {
      isZero[i] = zeros[i] > 0 && zeros[i] >= most;
    }
    if (isZero[1] && isZero[3]) {
      return isZero[2] ? "UTF-32LE" : isZero[0] ? "" : "UTF-16LE";
    }
    if (isZero[0] && isZero[2]) {
      return isZero[1] ? "UTF-32BE" : "UTF-16BE";
    }
    return "";
  }
}
