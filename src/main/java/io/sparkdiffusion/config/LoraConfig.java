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
