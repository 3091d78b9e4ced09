package io.sparkdiffusion.adapter;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the name of an adapter's tensor says.
 *
 * @param network the network's folder, empty where the name does not say it
 * @param layer its name there, with underscores in the place of dots
 * @param part what of the layer's adapter it is
 */
record AdapterKey(Optional<String> network, String layer, Part part) {

  /** The two factors, and alpha. */
  enum Part {
    DOWN,
    UP,
    ALPHA
  }

  static final String UNET = "unet";
  static final String TEXT_ENCODER = "text_encoder";

  /** PEFT, diffusers of several years, kohya; PEFT may put the adapter's own name in between. */
  private static final Pattern FACTOR =
      Pattern.compile(
          "(?s)(.+?)(?:[._]lora(?:_linear_layer)?[._](down|up)|\\.lora_([AB])(?:\\.[\\w-]+)?)\\.weight");

  private static final Pattern ALPHA = Pattern.compile("(?s)(.+)\\.alpha");

  /** kohya's and diffusers' beginnings. */
  private static final Pattern OF_TEXT_ENCODER =
      Pattern.compile("(?s)(?:lora_te1?_|text_encoder\\.)(.*)");

  private static final Pattern OF_UNET = Pattern.compile("(?s)(?:lora_unet_|unet\\.)(.*)");

  /** The name's meaning; empty for one that is no part of a LoRA. */
  static Optional<AdapterKey> of(String name) {
    Matcher factor = FACTOR.matcher(name);
    if (factor.matches()) {
      boolean isDown = "down".equals(factor.group(2)) || "A".equals(factor.group(3));
      return Optional.of(of(factor.group(1), isDown ? Part.DOWN : Part.UP));
    }
    Matcher alpha = ALPHA.matcher(name);
    return alpha.matches() ? Optional.of(of(alpha.group(1), Part.ALPHA)) : Optional.empty();
  }

  private static AdapterKey of(String path, Part part) {
    Matcher text = OF_TEXT_ENCODER.matcher(path);
    if (text.matches()) {
      return new AdapterKey(Optional.of(TEXT_ENCODER), layer(text.group(1)), part);
    }
    Matcher unet = OF_UNET.matcher(path);
    return unet.matches()
        ? new AdapterKey(Optional.of(UNET), layer(unet.group(1)), part)
        : new AdapterKey(Optional.empty(), layer(path), part);
  }

  /** Without what wraps it: PEFT's model, diffusers' attention processors, a second prefix. */
  private static String layer(String path) {
    return path.replace(".processor.", ".")
        .replace("base_model.model.", "")
        .replace('.', '_')
        .replaceFirst("^unet_", "");
  }
}
