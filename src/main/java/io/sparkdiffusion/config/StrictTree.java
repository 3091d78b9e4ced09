package io.sparkdiffusion.config;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads JSON or YAML values and refuses what Jackson would let pass. */
final class StrictTree {

  private final JsonParser parser;
  private final String name;

  /**
   * @param parser borrowed
   * @param name what problems call the text
   */
  StrictTree(JsonParser parser, String name) {
    this.parser = parser;
    this.name = name;
  }

  /** The one mapping that the whole text must be. */
  Map<String, Object> document() throws IOException {
    return document(this::value);
  }

  /** The same with the single values of the outer mapping as they are written. */
  Map<String, Object> documentOfTexts() throws IOException {
    return document(this::textOrValue);
  }

  private Map<String, Object> document(ValueReader reader) throws IOException {
    JsonToken first = parser.nextToken();
    if (first != JsonToken.START_OBJECT) {
      String actual = first == null ? "it is empty" : "it starts with " + kind(first);
      throw problem("it must be a mapping of keys to values", actual);
    }
    Map<String, Object> mapping = mapping(reader);
    if (parser.nextToken() != null) {
      throw problem("it must hold one mapping and nothing after it", place());
    }
    return mapping;
  }

  private Map<String, Object> mapping(ValueReader reader) throws IOException {
    Map<String, Object> mapping = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      if (mapping.containsKey(key)) {
        throw problem("the key '" + Shown.text(key) + "' must not occur twice", place());
      }
      parser.nextToken();
      refuseAlias();
      mapping.put(key, reader.read());
    }
    return Collections.unmodifiableMap(mapping);
  }

  private List<Object> list() throws IOException {
    List<Object> list = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      refuseAlias();
      list.add(value());
    }
    return Collections.unmodifiableList(list);
  }

  private Object textOrValue() throws IOException {
    JsonToken token = parser.currentToken();
    return token.isScalarValue() && token != JsonToken.VALUE_NULL ? parser.getText() : value();
  }

  private Object value() throws IOException {
    JsonToken token = parser.currentToken();
    return switch (token) {
      case START_OBJECT -> mapping(this::value);
      case START_ARRAY -> list();
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      case END_OBJECT, END_ARRAY, FIELD_NAME, NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT ->
          throw problem("it must have plain values", place());
    };
  }

  private void refuseAlias() {
    if (parser instanceof YAMLParser yaml && yaml.isCurrentAlias()) {
      throw problem("an alias must be written out", place());
    }
  }

  private Number number() throws IOException {
    if (!(parser instanceof YAMLParser) && parser.isNaN()) {
      return parser.getDoubleValue();
    }
    Number number = parser.getNumberValue();
    if (!Double.isFinite(number.doubleValue())) {
      throw problem("a number must be finite", place());
    }
    return number;
  }

  private String place() {
    JsonLocation location = parser.currentTokenLocation();
    return place(location.getLineNr(), location.getColumnNr());
  }

  private ProblemsException problem(String rule, String actual) {
    return new ProblemsException("Cannot read " + name + ": " + rule + " (" + actual + ")");
  }

  /** What a syntax error says, without the text itself, which can hold prompts. */
  static ProblemsException syntax(String name, String language, JsonProcessingException e) {
    String place =
        e.getLocation() == null
            ? "position unknown"
            : place(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
    return new ProblemsException(
        "Cannot read " + name + ": it must be valid " + language + " (" + place + ")");
  }

  private static String place(int line, int column) {
    return "line " + line + ", column " + column;
  }

  private static String kind(JsonToken token) {
    return token == JsonToken.START_ARRAY ? "a list" : "a single value";
  }

  @FunctionalInterface
  private interface ValueReader {
    Object read() throws IOException;
  }
}
