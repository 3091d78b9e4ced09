package io.sparkdiffusion.request;

import io.sparkdiffusion.util.Sha256;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Embeddings that a row has in the place of a text, (rows, width) float32: what the text encoder
 * would give, 77 rows or some times as many.
 */
public final class PromptEmbeds implements Serializable {

  private static final long serialVersionUID = 1L;

  private final float[][] table;
  private final String digest;

  private PromptEmbeds(float[][] table) {
    this.table = table;
    ByteBuffer bytes =
        ByteBuffer.allocate(table.length * table[0].length * Float.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    for (float[] row : table) {
      for (float number : row) {
        bytes.putFloat(number);
      }
    }
    this.digest = Sha256.of("%s %s".formatted(table.length, Sha256.of(bytes.array())));
  }

  /**
   * Reads a cell.
   *
   * @param cell a list of lists of numbers
   * @throws IllegalArgumentException where it is none, its rows have several widths, or a number is
   *     not finite, without the parameter's name
   */
  static PromptEmbeds of(Object cell) {
    if (cell instanceof PromptEmbeds known) {
      return known;
    }
    if (!(cell instanceof List<?> rows) || rows.isEmpty()) {
      throw wrong("be a list of rows of numbers", cell instanceof List ? "no row" : "another kind");
    }
    int width = rows.get(0) instanceof List<?> first ? first.size() : 0;
    float[][] table = new float[rows.size()][width];
    for (int i = 0; i < table.length; i++) {
      if (!(rows.get(i) instanceof List<?> row) || row.isEmpty() || row.size() != width) {
        throw wrong("have rows of one width", "row %s is another".formatted(i + 1));
      }
      for (int j = 0; j < width; j++) {
        table[i][j] = number(row.get(j), i);
      }
    }
    return new PromptEmbeds(table);
  }

  private static float number(Object cell, int row) {
    float value = cell instanceof Number number ? number.floatValue() : Float.NaN;
    if (!Float.isFinite(value)) {
      throw wrong(
          "hold finite numbers",
          "%s in row %s".formatted(cell instanceof Number ? cell : "none", row + 1));
    }
    return value;
  }

  private static IllegalArgumentException wrong(String rule, String actual) {
    return new IllegalArgumentException("it must %s (%s)".formatted(rule, actual));
  }

  /** How many there are. */
  public int rows() {
    return table.length;
  }

  /** How many numbers each has. */
  public int width() {
    return table[0].length;
  }

  /** All numbers, row by row. */
  public float[] values() {
    float[] values = new float[rows() * width()];
    for (int i = 0; i < table.length; i++) {
      System.arraycopy(table[i], 0, values, i * width(), width());
    }
    return values;
  }

  /** The same as a table has them: one for all images of a row, not to be changed. */
  public float[][] table() {
    return table;
  }

  /** What a hash holds of them: SHA-256 in hex over shape and bytes. */
  public String digest() {
    return digest;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PromptEmbeds embeds && digest.equals(embeds.digest);
  }

  @Override
  public int hashCode() {
    return digest.hashCode();
  }

  /** Their shape and digest. */
  @Override
  public String toString() {
    return "%s x %s %s".formatted(rows(), width(), digest);
  }
}
