package io.sparkdiffusion.text;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Writes the {@code tokenizer.json} of a CLIP tokenizer whose folder has only {@code vocab.json}
 * and {@code merges.txt} (as transformers' CLIPConverter does in convert_slow_tokenizer.py).
 */
final class TokenizerJson {

  /** CLIP's words: contractions, letters, single digits, runs of everything else. */
  private static final String WORDS =
      "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

  private static final String WORD_END = "</w>";

  private TokenizerJson() {}

  /** The text of the file, for a folder with {@code vocab.json} and {@code merges.txt}. */
  static String of(Path folder, SpecialTokens special) {
    Map<String, Object> vocabulary = StrictJson.read(folder.resolve("vocab.json"));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", "1.0");
    json.put("truncation", null);
    json.put("padding", null);
    json.put("added_tokens", addedTokens(folder, special, vocabulary));
    json.put("normalizer", normalizer());
    json.put("pre_tokenizer", preTokenizer());
    json.put("post_processor", postProcessor(folder, special, vocabulary));
    json.put("decoder", byteLevel());
    json.put("model", model(folder, special, vocabulary));
    return StrictJson.text(json);
  }

  private static List<Object> addedTokens(
      Path folder, SpecialTokens special, Map<String, Object> vocabulary) {
    Set<SpecialTokens.Token> tokens =
        new LinkedHashSet<>(
            List.of(special.start(), special.end(), special.unknown(), special.padding()));
    List<Object> added = new ArrayList<>();
    for (SpecialTokens.Token token : tokens) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("id", id(folder, vocabulary, token.content()));
      entry.put("content", token.content());
      entry.put("single_word", token.singleWord());
      entry.put("lstrip", token.leftStrip());
      entry.put("rstrip", token.rightStrip());
      entry.put("normalized", token.normalized());
      entry.put("special", true);
      added.add(entry);
    }
    return added;
  }

  /** The id of a token that the vocabulary must hold. */
  private static int id(Path folder, Map<String, Object> vocabulary, String token) {
    if (vocabulary.get(token) instanceof Integer id) {
      return id;
    }
    throw new ProblemsException(
        "Cannot use %s: it must hold the special token %s (missing)"
            .formatted(folder.resolve("vocab.json"), token));
  }

  private static Map<String, Object> normalizer() {
    return Map.of(
        "type",
        "Sequence",
        "normalizers",
        List.of(
            Map.of("type", "NFC"),
            Map.of("type", "Replace", "pattern", Map.of("Regex", "\\s+"), "content", " "),
            Map.of("type", "Lowercase")));
  }

  private static Map<String, Object> preTokenizer() {
    return Map.of(
        "type",
        "Sequence",
        "pretokenizers",
        List.of(
            Map.of(
                "type",
                "Split",
                "pattern",
                Map.of("Regex", WORDS),
                "behavior",
                "Removed",
                "invert",
                true),
            byteLevel()));
  }

  private static Map<String, Object> byteLevel() {
    return Map.of(
        "type", "ByteLevel", "add_prefix_space", false, "trim_offsets", true, "use_regex", true);
  }

  private static Map<String, Object> postProcessor(
      Path folder, SpecialTokens special, Map<String, Object> vocabulary) {
    String start = special.start().content();
    String end = special.end().content();
    return Map.of(
        "type",
        "RobertaProcessing",
        "sep",
        List.of(end, id(folder, vocabulary, end)),
        "cls",
        List.of(start, id(folder, vocabulary, start)),
        "trim_offsets",
        false,
        "add_prefix_space",
        false);
  }

  private static Map<String, Object> model(
      Path folder, SpecialTokens special, Map<String, Object> vocabulary) {
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("type", "BPE");
    model.put("dropout", null);
    model.put("unk_token", special.unknown().content());
    model.put("continuing_subword_prefix", "");
    model.put("end_of_word_suffix", WORD_END);
    model.put("fuse_unk", false);
    model.put("byte_fallback", false);
    model.put("vocab", vocabulary);
    model.put("merges", merges(folder.resolve("merges.txt")));
    return model;
  }

  private static List<String> merges(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines.filter(line -> !line.startsWith("#version") && !line.isBlank()).toList();
    } catch (IOException | java.io.UncheckedIOException e) {
      throw new ProblemsException(
          "Cannot read %s: it must be readable UTF-8 (%s)".formatted(file, e.getMessage()), e);
    }
  }
}
