package io.sparkdiffusion.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** YAML mappings, read strictly. */
final class StrictYaml {

  private static final YAMLFactory FACTORY = new YAMLFactory();
  private static final Pattern TAB = Pattern.compile(" *\\t");

  /** With what is forgotten most. */
  private static final String LANGUAGE = "YAML, with texts that hold ': ' or ' #' in quotes";

  private StrictYaml() {}

  /** A file's mapping; its single values are texts as they are written, or null. */
  static Map<String, Object> readTexts(Path file) {
    String name = file.toString();
    try {
      return texts(Files.readString(file), name);
    } catch (CharacterCodingException e) {
      throw new ProblemsException("Cannot read " + name + ": it must be UTF-8 (it is not)", e);
    } catch (NoSuchFileException e) {
      throw new ProblemsException("Cannot read " + name + ": the file must exist (missing)", e);
    } catch (IOException e) {
      throw new ProblemsException(
          "Cannot read " + name + ": it must be a readable file (" + e.getMessage() + ")", e);
    }
  }

  /** A text's mapping, in the same way. */
  static Map<String, Object> texts(String yaml, String name) {
    try (JsonParser parser = FACTORY.createParser(yaml)) {
      return new StrictTree(parser, name).documentOfTexts();
    } catch (JsonProcessingException e) {
      List<String> lines = yaml.lines().toList();
      for (int i = 0; i < lines.size(); i++) {
        if (TAB.matcher(lines.get(i)).lookingAt()) {
          throw new ProblemsException(
              "Cannot read %s: keys must be indented by spaces (a tab in line %s)"
                  .formatted(name, i + 1),
              e);
        }
      }
      throw StrictTree.syntax(name, LANGUAGE, e);
    } catch (IOException e) {
      throw new IllegalStateException("Cannot read " + name + " from memory", e);
    }
  }

  /** A mapping in one line, such as {@code {prediction_type: v_prediction}}. */
  static Map<String, Object> parse(String text, String name) {
    try (JsonParser parser = FACTORY.createParser(text)) {
      return new StrictTree(parser, name).document();
    } catch (JsonProcessingException e) {
      throw StrictTree.syntax(name, LANGUAGE, e);
    } catch (IOException e) {
      throw new IllegalStateException("Cannot read " + name + " from memory", e);
    }
  }
}
