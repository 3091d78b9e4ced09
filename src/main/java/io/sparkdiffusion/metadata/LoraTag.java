package io.sparkdiffusion.metadata;

import java.io.Serializable;

/**
 * A LoRA as AUTOMATIC1111's web UI names it.
 *
 * @param name the file's, without its ending
 * @param weight as people write it
 * @param hash the first twelve hex digits of its tensors' SHA-256
 */
public record LoraTag(String name, String weight, String hash) implements Serializable {

  /** What the web UI takes a prompt to be told. */
  String text() {
    return "<lora:%s:%s>".formatted(name, weight);
  }
}
