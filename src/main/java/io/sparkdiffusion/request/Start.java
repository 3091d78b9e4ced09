package io.sparkdiffusion.request;

import java.io.Serializable;
import java.util.Map;

/** What denoising starts from. */
public sealed interface Start extends Serializable {

  /** What the request hash holds of it, by name; nothing of noise, which the seed decides. */
  Map<String, Object> canonical();

  /** Noise of the image's own seed. */
  record Noise() implements Start {
    @Override
    public Map<String, Object> canonical() {
      return Map.of();
    }
  }
}
