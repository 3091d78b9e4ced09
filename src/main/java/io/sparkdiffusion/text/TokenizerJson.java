package io.sparkdiffusion.text;

import io.sparkdiffusion.config.StrictJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes the {@code tokenizer.json} of CLIP (as transformers' CLIPConverter does in
 * convert_slow_tokenizer.py). The tokenizers library is given no other: what it does not expect in
 * one ends the JVM.
 */
final class TokenizerJson {

  /** CLIP's words: contractions, letters, single digits, runs of everything else. */
  static final String WORDS = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

  static final String WORD_END = "</w>";

  private TokenizerJson() {}

  /** The text of the file, for a folder with {@code vocab.json} and {@code merges.txt}. */
  static String of(Path folder, SpecialTokens special) {
    Vocabulary vocabulary = Vocabulary.read(folder);
    return of(vocabulary, special, AddedTokens.read(folder, vocabulary, special, List.of()));
  }

  /** The text of the file. */
  static String of(
      Vocabulary vocabulary, SpecialTokens special, Map<Integer, AddedToken> addedTokens) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", "1.0");
    json.put("truncation", null);
    json.put("padding", null);
    json.put("added_tokens", added(addedTokens));
    json.put("normalizer", normalizer());
    json.put("pre_tokenizer", preTokenizer());
    json.put("post_processor", postProcessor(special, vocabulary));
    json.put("decoder", byteLevel());
    json.put("model", model(special, vocabulary));
    return StrictJson.text(json);
  }

  private static List<Object> added(Map<Integer, AddedToken> tokens) {
    List<Object> added = new ArrayList<>();
    tokens.forEach(
        (id, token) -> {
          Map<String, Object> entry = new LinkedHashMap<>();
          entry.put("id", id);
          entry.put("content", token.content());
          entry.put("single_word", token.singleWord());
          entry.put("lstrip", token.leftStrip());
          entry.put("rstrip", token.rightStrip());
          entry.put("normalized", token.normalized());
          entry.put("special", token.special());
          added.add(entry);
        });
    return added;
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

  private static Map<String, Object> postProcessor(SpecialTokens special, Vocabulary vocabulary) {
    String start = special.start().content();
    String end = special.end().content();
    return Map.of(
        "type",
        "RobertaProcessing",
        "sep",
        List.of(end, vocabulary.required(end)),
        "cls",
        List.of(start, vocabulary.required(start)),
        "trim_offsets",
        false,
        "add_prefix_space",
        false);
  }

  private static Map<String, Object> model(SpecialTokens special, Vocabulary vocabulary) {
    vocabulary.required(special.unknown().content());
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("type", "BPE");
    model.put("dropout", null);
    model.put("unk_token", special.unknown().content());
    model.put("continuing_subword_prefix", "");
    model.put("end_of_word_suffix", WORD_END);
    model.put("fuse_unk", false);
    model.put("byte_fallback", false);
    model.put("vocab", vocabulary.ids());
    model.put("merges", vocabulary.merges());
    return model;
  }
}
