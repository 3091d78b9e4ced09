package io.sparkdiffusion.request;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** One image to make: every value that decides its bytes. */
public final class ImageRequest implements Serializable {

  private static final long serialVersionUID = 1L;

  private final String id;
  private final int imageIndex;
  private final Values values;
  private final Start start;

  private ImageRequest(String id, int imageIndex, Values values) {
    this.id = id;
    this.imageIndex = imageIndex;
    this.values = values;
    this.start = Start.of(values);
  }

  /**
   * An image of a program.
   *
   * @param id the row's id, never blank
   * @param imageIndex which of the row's images, from 0
   * @param given its values, the seed its own; others are the usual ones
   * @throws IllegalArgumentException where they break a rule
   */
  public static ImageRequest of(String id, int imageIndex, Values given) {
    Values row = given.withDefaults(Values.usual()).with(Parameters.ID.of(id));
    List<String> broken = new ArrayList<>(RowRequests.problems(row));
    if (broken.isEmpty()) {
      Start.problem(row).ifPresent(broken::add);
    }
    if (imageIndex < 0 || !broken.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot make a request: it must keep the rules of a row "
              + (broken.isEmpty() ? "(image index " + imageIndex + ")" : broken));
    }
    return checked(id, imageIndex, row);
  }

  /**
   * An image whose row has been checked.
   *
   * @param values of all {@link Parameters#OF_IMAGE}, perhaps of others
   */
  public static ImageRequest checked(String id, int imageIndex, Values values) {
    return new ImageRequest(id, imageIndex, values.only(Parameter::decidesImage));
  }

  /** The row's id. */
  public String id() {
    return id;
  }

  /** Which of the row's images, from 0; its seed is already the row's seed plus this. */
  public int imageIndex() {
    return imageIndex;
  }

  /** The values of {@link Parameters#OF_IMAGE}. */
  public Values values() {
    return values;
  }

  /** What denoising starts from. */
  public Start start() {
    return start;
  }

  /** How much ControlNets have to say, where there are any. */
  public double controlScale() {
    return values.get(Parameters.CONTROLNET_CONDITIONING_SCALE);
  }

  /** What is made of control images first, of {@link ControlPreprocessor}. */
  public String controlPreprocessor() {
    return values.get(Parameters.CONTROL_PREPROCESSOR);
  }

  /** What to draw. */
  public String prompt() {
    return values.get(Parameters.PROMPT);
  }

  /** What to avoid, empty for nothing. */
  public String negativePrompt() {
    return values.get(Parameters.NEGATIVE_PROMPT);
  }

  /** What stands in the place of the prompt. */
  public Optional<PromptEmbeds> promptEmbeds() {
    return values.find(Parameters.PROMPT_EMBEDS);
  }

  /** What stands in the place of the negative prompt. */
  public Optional<PromptEmbeds> negativePromptEmbeds() {
    return values.find(Parameters.NEGATIVE_PROMPT_EMBEDS);
  }

  /** What brackets in both texts mean, of {@link PromptSyntax}. */
  public String promptSyntax() {
    return values.get(Parameters.PROMPT_SYNTAX);
  }

  /** How many of the text encoder's last layers the prompt leaves out. */
  public int clipSkip() {
    return values.get(Parameters.CLIP_SKIP);
  }

  /** The seed of this image's own generator. */
  public long seed() {
    return values.get(Parameters.SEED);
  }

  /** Denoising steps, 1 to 1000. */
  public int numInferenceSteps() {
    return values.get(Parameters.NUM_INFERENCE_STEPS);
  }

  /** Strength of classifier-free guidance; at most 1 is without guidance. */
  public double guidanceScale() {
    return values.get(Parameters.GUIDANCE_SCALE);
  }

  /** Share of the rescaled guidance, 0 to 1; without guidance nothing is rescaled. */
  public double guidanceRescale() {
    return values.get(Parameters.GUIDANCE_RESCALE);
  }

  /** A multiple of 8. */
  public int heightPixels() {
    return values.get(Parameters.HEIGHT);
  }

  /** A multiple of 8. */
  public int widthPixels() {
    return values.get(Parameters.WIDTH);
  }

  /** The sampler's name. */
  public String scheduler() {
    return values.get(Parameters.SCHEDULER);
  }

  /** Share of DDIM's noise, 0 to 1. */
  public double eta() {
    return values.get(Parameters.ETA);
  }

  /** The same with another value of a parameter. */
  public ImageRequest with(Parameter.Value<?> other) {
    return new ImageRequest(id, imageIndex, values.with(other));
  }

  /** The input images that it has. */
  public List<InputImage> inputs() {
    return InputImage.of(values);
  }

  /** The same with these input images and no others; what they leave unused is as usual. */
  public ImageRequest withInputs(Map<InputImage, InputFile> files) {
    return new ImageRequest(id, imageIndex, InputImage.in(values, files));
  }

  /** The same for a model that upscales, to which strength means nothing. */
  public ImageRequest upscaled() {
    return new ImageRequest(id, imageIndex, values.only(p -> p != Parameters.STRENGTH));
  }

  /** What a request hash holds of this image, by name. */
  public Map<String, Object> canonical() {
    Map<String, Object> parts = new HashMap<>(values.canonical());
    parts.putAll(InputImage.canonical(values));
    parts.put("image_index", imageIndex);
    return parts;
  }

  /** What an image must share with its neighbours in a UNet batch. */
  public BatchKey batchKey() {
    return new BatchKey(
        values.only(parameter -> !parameter.variesInBatch()),
        isGuided(),
        start.firstStep(numInferenceSteps()),
        inputs());
  }

  /** Whether there is guidance, by diffusers' rule (do_classifier_free_guidance). */
  private boolean isGuided() {
    return guidanceScale() > 1;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ImageRequest request
        && id.equals(request.id)
        && imageIndex == request.imageIndex
        && values.equals(request.values);
  }

  @Override
  public int hashCode() {
    return Objects.hash(id, imageIndex, values);
  }

  /** Which image and its numbers: texts stay out of logs. */
  @Override
  public String toString() {
    return "ImageRequest[%s image %s, %s]".formatted(id, imageIndex, values);
  }
}
