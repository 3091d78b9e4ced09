package io.sparkdiffusion.config;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Which LoRAs are added to the model.
 *
 * @param all in the order in which they are added
 * @param unmatched {@code lora_unmatched}
 */
public record LoraConfig(List<Lora> all, LoraUnmatched unmatched) implements Serializable {

  /** The model as it is. */
  public static final LoraConfig NONE = new LoraConfig(List.of(), LoraUnmatched.REFUSE);

  /** What a row says that asks for the model as it is. */
  public static final String NONE_OF_ROW = "none";

  /** Keeps a copy. */
  public LoraConfig {
    all = new ArrayList<>(all);
  }

  /**
   * Reads entries {@code PATH[:WEIGHT]}.
   *
   * @throws ProblemsException with every one that is none
   */
  public static LoraConfig parse(List<String> entries, LoraUnmatched unmatched) {
    Problems problems = new Problems();
    List<Lora> loras = new ArrayList<>();
    entries.forEach(text -> problems.gather(() -> Lora.parse(text)).ifPresent(loras::add));
    problems.throwIfAny();
    return new LoraConfig(loras, unmatched);
  }

  /**
   * Reads what a row says in the place of the job's: entries with commas between, or {@code none}.
   *
   * @throws ProblemsException with every entry that is none; what names no file may be a prompt in
   *     the wrong column and is not told
   */
  public static LoraConfig ofRow(String cell, LoraUnmatched unmatched) {
    if (cell.equals(NONE_OF_ROW)) {
      return new LoraConfig(List.of(), unmatched);
    }
    List<String> entries = entries(cell);
    if (entries.isEmpty() || !entries.stream().allMatch(Lora::namesFile)) {
      throw new ProblemsException(
          "Cannot use loras: each must be PATH or PATH:WEIGHT of a .safetensors file, or all of it %s (a text)"
              .formatted(NONE_OF_ROW));
    }
    return parse(entries, unmatched);
  }

  /** The entries of a line, with commas between. */
  public static List<String> entries(String line) {
    return Arrays.stream(line.split(",")).map(String::strip).filter(e -> !e.isEmpty()).toList();
  }

  /** As the setting has them. */
  @Override
  public String toString() {
    return all.stream().map(Lora::toString).collect(Collectors.joining(","));
  }
}
