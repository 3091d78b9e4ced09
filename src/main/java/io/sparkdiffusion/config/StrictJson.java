package io.sparkdiffusion.config;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** JSON objects, read strictly: a key that occurs twice or a number out of range is an error. */
public final class StrictJson {

  private static final JsonFactory FACTORY = new JsonFactory();

  private StrictJson() {}

  /**
   * Reads a file that holds one JSON object.
   *
   * @return maps in file order, lists, strings, booleans, {@code Integer}, {@code Long}, {@code
   *     BigInteger} and {@code Double}; null for JSON's null
   * @throws ProblemsException that names the file
   */
  public static Map<String, Object> read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, file.toString());
    } catch (NoSuchFileException e) {
      throw new ProblemsException("Cannot read " + file + ": the file must exist (missing)", e);
    } catch (IOException e) {
      throw unreadable(file.toString(), e);
    }
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
    return canonicalValue(value);
  }

  private static String canonicalValue(Object value) {
    if (value == null || value instanceof Boolean) {
      return String.valueOf(value);
    }
    if (value instanceof Number number) {
      return new BigDecimal(number.toString()).stripTrailingZeros().toPlainString();
    }
    if (value instanceof Map<?, ?> map) {
      return named(map).entrySet().stream()
          .sorted(Map.Entry.comparingByKey())
          .map(entry -> quoted(entry.getKey()) + ":" + canonicalValue(entry.getValue()))
          .collect(Collectors.joining(",", "{", "}"));
    }
    if (value instanceof Iterable<?> list) {
      return StreamSupport.stream(list.spliterator(), false)
          .map(StrictJson::canonicalValue)
          .collect(Collectors.joining(",", "[", "]"));
    }
    return quoted(value.toString());
  }

  private static String quoted(String text) {
    return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
  }

  private static ProblemsException unreadable(String name, IOException e) {
    return new ProblemsException(
        "Cannot read " + name + ": it must be readable (" + e.getMessage() + ")", e);
  }
}
