package io.sparkdiffusion.config;

import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;

/** JSON objects, read strictly: a key that occurs twice or a number out of range is an error. */
public final class StrictJson {

  private StrictJson() {}

  /**
   * Reads a file that holds one JSON object.
   *
   * @return maps in file order, lists, strings, booleans, {@code Integer}, {@code Long}, {@code
   *     BigInteger} and {@code Double}; null for JSON's null
   * @throws ProblemsException that names the file
   */
  public static Map<String, Object> read(Path file) {
    throw new UnsupportedOperationException(file.toString());
  }

  /**
   * Reads one JSON object to the end of a stream.
   *
   * @param in borrowed
   * @param name what problems call it
   */
  public static Map<String, Object> read(InputStream in, String name) {
    throw new UnsupportedOperationException(name + in);
  }

  /** JSON without spaces, keys sorted, equal numbers written the same. */
  public static String canonical(Map<String, ?> value) {
    throw new UnsupportedOperationException(value.toString());
  }
}
