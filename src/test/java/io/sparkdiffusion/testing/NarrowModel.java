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

  /** The Flax folder with the same numbers in safetensors beside. */
  public static Path both(Path target) throws IOException {
    flax(target);
    for (String file :
        new String[] {
          "fp16/text_encoder/model.fp16.safetensors",
          "bf16/unet/diffusion_pytorch_model.safetensors",
          "fp16/vae/diffusion_pytorch_model.fp16.safetensors"
        }) {
      Path source = ReferenceModels.folder("variants/" + file);
      Files.copy(source, target.resolve(file.substring("fp16/".length())));
    }
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
