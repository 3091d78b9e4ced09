package io.sparkdiffusion.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;

/** YAML mappings, read strictly. */
final class StrictYaml {

  private static final YAMLFactory FACTORY = new YAMLFactory();

  private StrictYaml() {}

  /** A file's mapping; its single values are texts as they are written, or null. */
  static Map<String, Object> readTexts(Path file) {
    String name = file.toString();
    try (JsonParser parser = FACTORY.createParser(Files.readString(file))) {
      return new StrictTree(parser, name).documentOfTexts();
    } catch (JsonProcessingException e) {
      throw StrictTree.syntax(name, "YAML", e);
    } catch (CharacterCodingException e) {
      throw new ProblemsException("Cannot read " + name + ": it must be UTF-8 (it is not)", e);
    } catch (NoSuchFileException e) {
      throw new ProblemsException("Cannot read " + name + ": the file must exist (missing)", e);
    } catch (IOException e) {
      throw new ProblemsException(
          "Cannot read " + name + ": it must be a readable file (" + e.getMessage() + ")", e);
    }
  }

  /** A mapping in one line, such as {@code {prediction_type: v_prediction}}. */
  static Map<String, Object> parse(String text, String name) {
    try (JsonParser parser = FACTORY.createParser(text)) {
      return new StrictTree(parser, name).document();
    } catch (JsonProcessingException e) {
      throw StrictTree.syntax(name, "YAML", e);
    } catch (IOException e) {
      throw new IllegalStateException("Cannot read " + name + " from memory", e);
    }
  }
}
