package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Weight files that belong to something else than a plain network, known by names or types that no
 * plain network has: one line says what they are and what to do, instead of one for each tensor.
 */
public final class ForeignWeights {

  /** What to do about a LoRA's file. */
  public static final String ADD =
      "name its base model in pretrained_model_name_or_path, and the file in loras";

  private static final String MERGE =
      "merge it once into its base model in Python: pipe = StableDiffusionPipeline.from_pretrained(BASE);"
          + " pipe.load_lora_weights(LORA); pipe.fuse_lora(); pipe.unload_lora_weights();"
          + " pipe.save_pretrained(FOLDER)";

  private static final String PLAIN =
      "take the model in float32, float16 or bfloat16, as it was before that";

  private static final List<Kind> KINDS =
      List.of(
          kind(
              "a plain network, not one that PEFT has wrapped for LoRA",
              MERGE,
              "(?s).*\\.(lora_(A|B|embedding_A|embedding_B|magnitude_vector)|base_layer|lora_linear_layer)\\..*"),
          kind(
              "a whole network, not a LoRA alone",
              ADD,
              "(?s)lora_(unet|te\\d?)_.*|.*\\.lora_(down|up)\\.weight|.*\\.processor\\..*_lora\\..*"),
          kind(
              "a plain network, not one that bitsandbytes or quanto has quantized",
              PLAIN,
              "(?s).*\\.(SCB|absmax|quant_map|nested_absmax|quant_state\\..*|weight\\._data|weight\\._scale)"),
          kind(
              "in diffusers' layout, not in the original one",
              "make a folder once in Python: StableDiffusionPipeline.from_single_file(FILE)"
                  + ".save_pretrained(FOLDER)",
              "(?s)(model\\.diffusion_model|first_stage_model|cond_stage_model|input_blocks|middle_block)\\..*"
                  + "|(encoder|decoder)\\.(down|up)\\.\\d+\\.block\\..*|transformer\\.resblocks\\..*"),
          new Kind(
              "of numbers that are not quantized",
              PLAIN,
              tensor -> tensor.type().matches("F8_.*|F4|F6_.*|U8|I8|U16|I16")));

  /** What a file is, by one of its tensors. */
  private record Kind(String rule, String fix, Predicate<StoredTensor> isOne) {}

  private ForeignWeights() {}

  private static Kind kind(String rule, String fix, String names) {
    Pattern pattern = Pattern.compile(names);
    return new Kind(rule, fix, tensor -> pattern.matcher(tensor.name()).matches());
  }

  /**
   * Looks at the names and types of a file.
   *
   * @throws ProblemsException where they are known to be no plain network's
   */
  static void refuse(NetworkFiles network, WeightFile file) {
    for (Kind kind : KINDS) {
      List<String> known =
          file.tensors().values().stream()
              .filter(kind.isOne())
              .filter(tensor -> !network.isUnused(network.currentName(tensor.name())))
              .map(tensor -> tensor.name() + " " + tensor.type())
              .toList();
      if (!known.isEmpty()) {
        throw ProblemsException.withFix(
            "Cannot use %s of %s: it must be %s (%s)"
                .formatted(network, file.path(), kind.rule(), Shown.some(known)),
            kind.fix());
      }
    }
  }
}
