package io.sparkdiffusion.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The reference model of which tools/flax has made a Flax folder. */
public final class NarrowModel {

  private NarrowModel() {}

  /** A whole folder as Flax has it: UNet bfloat16, VAE float16, text encoder float32. */
  public static Path flax(Path target) throws IOException {
    CopiedModel.of("variants/flax", target);
    CopiedModel.of("base/tokenizer", target.resolve("tokenizer"));
    return target;
  }

  /** The same numbers in safetensors. */
  public static Path safetensors(Path target) throws IOException {
    Files.createDirectories(target);
    CopiedModel.of("variants/fp16/text_encoder", target.resolve("text_encoder"));
    CopiedModel.of("variants/bf16/unet", target.resolve("unet"));
    CopiedModel.of("variants/fp16/vae", target.resolve("vae"));
    for (String part : new String[] {"tokenizer", "scheduler"}) {
      CopiedModel.of("base/" + part, target.resolve(part));
    }
    Files.copy(ReferenceModels.folder("base/model_index.json"), target.resolve("model_index.json"));
    return target;
  }
}
