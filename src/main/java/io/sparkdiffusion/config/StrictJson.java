package io.sparkdiffusion.config;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * JSON objects, read strictly: a key that occurs twice or a number out of range is an error. {@code
 * NaN}, {@code Infinity} and {@code -Infinity} are numbers, since Python writes them so.
 */
public final class StrictJson {

  /**
   * Names are read as they are: keeping one of each slows the tens of thousands of a vocabulary.
   */
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  private StrictJson() {}

  /**
   * Reads a file that holds one JSON object.
   *
   * @return maps in file order, lists, strings, booleans, {@code Integer}, {@code Long}, {@code
   *     BigInteger} and {@code Double}; null for JSON's null
   * @throws ProblemsException that names the file
   */
  public static Map<String, Object> read(Path file) {
    return read(file, SmallFile.DESCRIPTION_BYTES);
  }

  /**
   * Reads a file that holds one JSON object.
   *
   * @param most bytes that it may have
   */
  public static Map<String, Object> read(Path file, long most) {
    return read(new ByteArrayInputStream(SmallFile.bytes(file, most)), file.toString());
  }

  /**
   * Reads one JSON object to the end of a stream.
   *
   * @param in borrowed
   * @param name what problems call it
   */
  public static Map<String, Object> read(InputStream in, String name) {
    try (JsonParser parser = FACTORY.createParser(in)) {
      parser.disable(JsonParser.Feature.AUTO_CLOSE_SOURCE);
      return new StrictTree(parser, name).document();
    } catch (JsonProcessingException e) {
      throw StrictTree.syntax(name, "JSON", e);
    } catch (IOException e) {
      throw unreadable(name, e);
    }
  }

  /**
   * Reads one JSON object from a text.
   *
   * @param name what problems call it
   */
  public static Map<String, Object> parse(String text, String name) {
    return read(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), name);
  }

  /**
   * The object under a key of one that was read.
   *
   * @return its keys in file order; values may be null
   */
  public static Map<String, Object> object(Map<String, Object> parent, String key) {
    return named((Map<?, ?>) parent.get(key));
  }

  private static Map<String, Object> named(Map<?, ?> object) {
    Map<String, Object> named = new LinkedHashMap<>();
    object.forEach((name, value) -> named.put((String) name, value));
    return named;
  }

  /** JSON without spaces, keys sorted, equal numbers written the same. */
  public static String canonical(Map<String, ?> value) {
    return written(value, keys -> new TreeSet<>(keys));
  }

  /** The same with keys in the maps' order. */
  public static String text(Map<String, ?> value) {
    return written(value, keys -> keys);
  }

  private static String written(Map<String, ?> value, UnaryOperator<Set<Object>> order) {
    StringBuilder text = new StringBuilder();
    write(value, order, text);
    return text.toString();
  }

  private static void write(Object value, UnaryOperator<Set<Object>> order, StringBuilder text) {
    if (value == null || value instanceof Boolean || isWhole(value) || isNotFinite(value)) {
      text.append(value);
    } else if (value instanceof Number number) {
      text.append(new BigDecimal(number.toString()).stripTrailingZeros().toPlainString());
    } else if (value instanceof Map<?, ?> map) {
      String before = "{";
      for (Object key : order.apply(Collections.unmodifiableSet(map.keySet()))) {
        quote((String) key, text.append(before));
        write(map.get(key), order, text.append(':'));
        before = ",";
      }
      text.append(map.isEmpty() ? "{}" : "}");
    } else if (value instanceof Iterable<?> list) {
      String before = "[";
      for (Object element : list) {
        write(element, order, text.append(before));
        before = ",";
      }
      text.append(before.equals("[") ? "[]" : "]");
    } else {
      quote(value.toString(), text);
    }
  }

  private static boolean isWhole(Object value) {
    return value instanceof Integer || value instanceof Long;
  }

  private static boolean isNotFinite(Object value) {
    return value instanceof Double number && !Double.isFinite(number);
  }

  private static void quote(String plain, StringBuilder text) {
    text.append('"');
    JsonStringEncoder.getInstance().quoteAsString(plain, text);
    text.append('"');
  }

  private static ProblemsException unreadable(String name, IOException e) {
    return new ProblemsException(
        "Cannot read " + name + ": it must be readable (" + e.getMessage() + ")", e);
  }
}
