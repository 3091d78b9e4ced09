package io.sparkdiffusion.config;

import java.io.Serializable;

/**
 * Which of a model folder's weights are used: {@code from_pt} and {@code variant}.
 *
 * @param variant what stands in the files' names, as {@code fp16}, {@code bf16} or {@code non_ema};
 *     empty for files without one, then {@code fp16}
 */
public record WeightChoice(WeightFormat format, String variant) implements Serializable {

  /** Safetensors without a variant in their names. */
  public static final WeightChoice USUAL = of(WeightFormat.SAFETENSORS);

  /** Checks the variant. */
  public WeightChoice {
    Problems problems = new Problems();
    problems.require(
        variant.matches("[A-Za-z0-9_-]{0,100}"),
        "variant",
        "it must be what stands in the names of the weight files, letters, digits, _ and -, as fp16",
        Shown.text(variant));
    problems.require(
        variant.isEmpty() || format == WeightFormat.SAFETENSORS,
        "variant",
        "it goes with from_pt=true, Flax's weights have none",
        Shown.text(variant));
    problems.throwIfAny();
  }

  /** The usual files of a format. */
  public static WeightChoice of(WeightFormat format) {
    return new WeightChoice(format, "");
  }
}
