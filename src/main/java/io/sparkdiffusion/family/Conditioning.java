package io.sparkdiffusion.family;

import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.unet.UnetConfig;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a UNet is told beside the latents and the timestep: prompt embeddings (R, tokens, width)
 * float32, the last hidden states of one text encoder.
 *
 * @param tokens of a text: 77
 * @param width of a token's embedding: 768 for Stable Diffusion 1, 1024 for 2
 */
public record Conditioning(long tokens, long width) {

  /** What a text encoder gives. */
  static Conditioning of(TextConfig text) {
    return new Conditioning(text.positions(), text.width());
  }

  /** Why a UNet cannot be told this. */
  Optional<String> problem(Path folder, UnetConfig unet) {
    return width == unet.crossAttentionWidth()
        ? Optional.empty()
        : Optional.of(
            "Cannot use %s: the UNet's cross_attention_dim must be the text encoder's hidden_size (%s and %s)"
                .formatted(folder, unet.crossAttentionWidth(), width));
  }
}
