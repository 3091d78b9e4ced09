package io.sparkdiffusion.request;

import static io.sparkdiffusion.request.Said.embeds;
import static io.sparkdiffusion.request.Said.integer;
import static io.sparkdiffusion.request.Said.longInteger;
import static io.sparkdiffusion.request.Said.number;
import static io.sparkdiffusion.request.Said.text;

import io.sparkdiffusion.sampler.Sampler;
import io.sparkdiffusion.sampler.Samplers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Every parameter of an image, said once. Columns of tables and results, checks, settings, request
 * hash, Spark ML, the gallery, the documents and Python's list follow from it, in this order.
 */
public final class Parameters {

  private static final List<Parameter<?>> TABLE = new ArrayList<>();

  /** What names a row and its images. */
  public static final Parameter<String> ID =
      add(
          text("id")
              .rule(Rule.of("not be null or blank", id -> id != null && !id.isBlank()))
              .rule(Rule.atMost(1024, "bytes in UTF-8", Parameters::bytes))
              .scope(Scope.ROW)
              .inHash(InHash.NO));

  /** What to draw. */
  public static final Parameter<String> PROMPT =
      add(
          text("prompt")
              .rule(Rule.of("not be null", prompt -> prompt != null))
              .rule(length())
              .scope(Scope.ROW)
              .asPrivate()
              .variesInBatch());

  /** What to avoid, empty for nothing. */
  public static final Parameter<String> NEGATIVE_PROMPT =
      add(
          text("negative_prompt")
              .usually("")
              .rule(length())
              .alsoCalled("negative", "neg", "neg_prompt", "n_prompt", "negative_prompts", "uncond")
              .means("concepts to avoid", "what to avoid")
              .topic(Topic.WHAT_TO_DRAW)
              .asPrivate()
              .variesInBatch());

  /** What brackets in both texts mean. */
  public static final Parameter<String> PROMPT_SYNTAX =
      add(
          text("prompt_syntax")
              .usually(PromptSyntax.PLAIN)
              .rule(Rule.oneOf(PromptSyntax.WORDS))
              .alsoCalled("prompt_style", "prompt_parser", "weighted_prompts", "prompt_weighting")
              .means(
                  "a1111: (word:1.3), [word] and BREAK, texts of any length",
                  "what brackets in texts mean: plain, a1111")
              .topic(Topic.WHAT_TO_DRAW)
              .inHash(InHash.UNLESS_USUAL));

  /** How many of the text encoder's last layers are left out. */
  public static final Parameter<Integer> CLIP_SKIP =
      add(
          integer("clip_skip")
              .usually(0)
              .rule(Rule.between(0, 100))
              .values("0 to the text encoder's layers")
              .alsoCalled("clipskip", "skip_clip", "clip_skip_layers")
              .means(
                  "last layers of the text encoder that the prompt leaves out, as in diffusers; web"
                      + " UIs count from 1",
                  "last layers of the text encoder that the prompt leaves out")
              .topic(Topic.WHAT_TO_DRAW)
              .variesInBatch()
              .inHash(InHash.UNLESS_USUAL));

  /** What a row has in the place of its prompt. */
  public static final Parameter<PromptEmbeds> PROMPT_EMBEDS = add(embedsOf("prompt_embeds"));

  /** What a row has in the place of its negative prompt. */
  public static final Parameter<PromptEmbeds> NEGATIVE_PROMPT_EMBEDS =
      add(embedsOf("negative_prompt_embeds"));

  /** Images of a row; the seed of each follows from the row's. */
  public static final Parameter<Integer> NUM_IMAGES =
      add(
          integer("num_images")
              .usually(1)
              .withStandIn()
              .rule(Rule.between(1, 10_000))
              .alsoCalled(
                  "num_images_per_prompt",
                  "n_iter",
                  "n_samples",
                  "num_samples",
                  "num_outputs",
                  "batch_count",
                  "images",
                  "n")
              .means(
                  "images for each row; empty: 1, with prompt= per_device_batch_size",
                  "images for each row, 1 to 10000")
              .topic(Topic.WHAT_TO_DRAW)
              .inHash(InHash.NO));

  /** The seed of an image's own generator; in the configuration, that of the rows without one. */
  public static final Parameter<Long> SEED =
      add(
          longInteger("seed")
              .usually(0L)
              .values("-2^63 to 2^63 - 1")
              .alsoCalled("noise_seed", "random_seed", "manual_seed", "generator")
              .means(
                  "random seed; image k of a row uses the row's seed + k",
                  "rows without a seed derive theirs from it and their id")
              .topic(Topic.WHAT_TO_DRAW)
              .variesInBatch());

  /** Denoising steps. */
  public static final Parameter<Integer> NUM_INFERENCE_STEPS =
      add(
          integer("num_inference_steps")
              .usually(50)
              .rule(Rule.between(1, 1000))
              .values("1 to 1000 steps")
              .alsoCalled(
                  "steps",
                  "step",
                  "num_steps",
                  "n_steps",
                  "inference_steps",
                  "sampling_steps",
                  "ddim_steps")
              .means("denoising steps", "denoising steps, 1 to 1000"));

  /** Strength of classifier-free guidance (arXiv 2207.12598); at most 1 is without guidance. */
  public static final Parameter<Double> GUIDANCE_SCALE =
      add(
          number("guidance_scale")
              .usually(7.5)
              .rule(Rule.of("be finite and 0 or more", s -> Double.isFinite(s) && s >= 0))
              .values("0 or more")
              .alsoCalled("cfg_scale", "cfg", "guidance", "scale", "unconditional_guidance_scale")
              .means(
                  "strength of classifier-free guidance; at most 1 is without guidance, as in"
                      + " diffusers",
                  "strength of guidance, 0 or more; at most 1: without")
              .variesInBatch());

  /** Share of the rescaled guidance (arXiv 2305.08891, section 3.4). */
  public static final Parameter<Double> GUIDANCE_RESCALE =
      add(
          number("guidance_rescale")
              .usually(0.0)
              .rule(Rule.share())
              .alsoCalled("cfg_rescale", "rescale_cfg", "rescale")
              .means(
                  "against overexposure when the terminal SNR nears zero; 0.7 goes with 7.5",
                  "against overexposure, 0 to 1; 0.7 goes with 7.5")
              .variesInBatch());

  /** Height and width of a configuration that does not say them. */
  public static final Parameter<Integer> RESOLUTION =
      add(
          size("resolution")
              .values("pixels, a multiple of 8 from 8 to 4096")
              .means("height and width", "")
              .scope(Scope.JOB)
              .inHash(InHash.NO));

  /** Pixels. */
  public static final Parameter<Integer> HEIGHT =
      add(
          size("height")
              .withStandIn()
              .values("as resolution")
              .alsoCalled("h", "image_height")
              .means(
                  "height in pixels; empty: resolution", "pixels, a multiple of 8 from 8 to 4096"));

  /** Pixels. */
  public static final Parameter<Integer> WIDTH =
      add(
          size("width")
              .withStandIn()
              .values("as resolution")
              .alsoCalled("w", "image_width")
              .means(
                  "width in pixels; empty: resolution", "pixels, a multiple of 8 from 8 to 4096"));

  /** The sampler. */
  public static final Parameter<String> SCHEDULER =
      add(
          text("scheduler")
              .usually(Samplers.DDIM.name())
              .canonical(word -> Samplers.named(word).map(Sampler::name).orElse(word))
              .rule(Rule.oneOf(Samplers.NAMES))
              .alsoCalled(
                  "sampler", "sampler_name", "sampler_index", "sampling_method", "sample_method")
              .means(
                  "the sampler, by this name or its class in diffusers; model: the model folder's",
                  "sampler, such as ddim, euler or dpm++_2m"));

  /** Share of DDIM's noise (arXiv 2010.02502, formula 16); TCD's gamma. */
  public static final Parameter<Double> ETA =
      add(
          number("eta")
              .usually(0.0)
              .rule(Rule.share())
              .alsoCalled("ddim_eta", "eta_ddim")
              .means(
                  "share of noise in each step of ddim and tcd; 0 has none",
                  "share of noise in each step of ddim and tcd, 0 to 1"));

  /** Whether a large image is decoded in tiles (diffusers, AutoencoderKL.enable_tiling). */
  public static final Parameter<String> VAE_TILING =
      add(
          text("vae_tiling")
              .usually(VaeTiling.AUTO)
              .rule(Rule.oneOf(List.of(VaeTiling.AUTO, VaeTiling.ON, VaeTiling.OFF)))
              .alsoCalled("use_tiling", "enable_tiling", "enable_vae_tiling", "tiled_vae")
              .means(
                  "large images in overlapping tiles, as diffusers' enable_tiling; auto: on a GPU"
                      + " above 1024x1024 pixels",
                  "large images in tiles: auto, on, off")
              .inHashOnlyAs(VaeTiling.ON));

  /** The image that denoising starts from (arXiv 2108.01073), empty for noise. */
  public static final Parameter<String> INIT_IMAGE =
      add(
          image("init_image")
              .values("any Hadoop path; empty: noise")
              .alsoCalled("image", "image_path", "input_image", "source_image", "init_img")
              .means(
                  "PNG or JPEG file that is drawn over; in a table also its bytes",
                  "image file that is drawn over, any Hadoop path; empty: noise"));

  /** What the image's file must be; a planned image always has it. */
  public static final Parameter<String> INIT_IMAGE_SHA256 = add(hashOf("init_image"));

  /** Which parts of that image are painted anew, empty for all. */
  public static final Parameter<String> MASK_IMAGE =
      add(
          image("mask_image")
              .values("any Hadoop path; empty: none")
              .alsoCalled("mask", "inpaint_mask", "inpaint")
              .means(
                  "PNG or JPEG file, white where init_image is painted anew, black where it stays;"
                      + " in a table also its bytes",
                  "image file, white where init_image is painted anew; empty: none"));

  /** What the mask's file must be; a planned image with a mask always has it. */
  public static final Parameter<String> MASK_IMAGE_SHA256 = add(hashOf("mask_image"));

  /** How near the parts of that image are, empty for none. */
  public static final Parameter<String> DEPTH_IMAGE =
      add(
          image("depth_image")
              .values("any Hadoop path; empty: none")
              .alsoCalled("depth_map", "depth")
              .means(
                  "PNG or JPEG file of init_image's depth for a depth model, the nearer the"
                      + " brighter; in a table also its bytes",
                  "image file of init_image's depth for a depth model; empty: none"));

  /** What the depth's file must be; a planned image with a depth always has it. */
  public static final Parameter<String> DEPTH_IMAGE_SHA256 = add(hashOf("depth_image"));

  /** How those images come to the size that is asked for. */
  public static final Parameter<String> INIT_IMAGE_FIT =
      add(
          text("init_image_fit")
              .usually(InitImageFit.EXACT)
              .rule(Rule.oneOf(InitImageFit.WORDS))
              .means(
                  "input images of another size: exact refuses them, resize stretches them, crop"
                      + " cuts them to the shape first",
                  "input images of another size: exact refuses them, resize, crop")
              .topic(Topic.WHAT_TO_DRAW)
              .inHash(InHash.BY_INPUT)
              .variesInBatch());

  /** Share of the steps that an image goes through; 1 leaves little of it. */
  public static final Parameter<Double> STRENGTH =
      add(
          number("strength")
              .usually(0.8)
              .rule(Rule.share())
              .alsoCalled("denoising_strength", "denoise", "denoising", "prompt_strength")
              .means(
                  "how much of init_image is drawn anew: the share of the steps that are taken",
                  "how much of init_image is drawn anew, 0 to 1")
              .inHash(InHash.BY_INPUT)
              .variesInBatch());

  /** How much noise goes over an image that is upscaled (arXiv 2112.10752, section 4.4). */
  public static final Parameter<Integer> NOISE_LEVEL =
      add(
          integer("noise_level")
              .usually(20)
              .rule(Rule.between(0, 999))
              .values("0 to the model's max_noise_level, 350")
              .alsoCalled("noise_augmentation", "aug_level", "augmentation_level")
              .means(
                  "with an upscaling model: noise over init_image, more leaves more to the model",
                  "with an upscaling model: noise over init_image, 0 to 350")
              .inHash(InHash.BY_INPUT));

  /** What the first ControlNet looks at. */
  public static final Parameter<String> CONTROL_IMAGE =
      add(controlImage("").alsoCalled("controlnet_image", "conditioning_image", "control"));

  /** What its file must be; a planned image that has one always has it. */
  public static final Parameter<String> CONTROL_IMAGE_SHA256 = add(hashOf("control_image"));

  /** The same for the second ControlNet. */
  public static final Parameter<String> CONTROL_IMAGE_2 = add(controlImage("_2"));

  /** What its file must be. */
  public static final Parameter<String> CONTROL_IMAGE_2_SHA256 = add(hashOf("control_image_2"));

  /** The same for the third one. */
  public static final Parameter<String> CONTROL_IMAGE_3 = add(controlImage("_3"));

  /** What its file must be. */
  public static final Parameter<String> CONTROL_IMAGE_3_SHA256 = add(hashOf("control_image_3"));

  /** What is made of control images first. */
  public static final Parameter<String> CONTROL_PREPROCESSOR =
      add(
          text("control_preprocessor")
              .usually(ControlPreprocessor.NONE)
              .canonical(ControlPreprocessor::canonical)
              .rule(
                  Rule.of(
                      "be none or canny, or one of them for each ControlNet with commas",
                      ControlPreprocessor::areWords))
              .values("none, canny; with commas one for each ControlNet")
              .alsoCalled("preprocessor", "controlnet_preprocessor", "control_mode")
              .means(
                  "what is made of control images first: canny, their edges, as OpenCV's"
                      + " Canny(100, 200)",
                  "what is made of control images first: none, canny")
              .topic(Topic.WHAT_TO_DRAW)
              .inHash(InHash.BY_INPUT)
              .variesInBatch());

  /** How much ControlNets have to say. */
  public static final Parameter<Double> CONTROLNET_CONDITIONING_SCALE =
      add(
          number("controlnet_conditioning_scale")
              .usually(1.0)
              .rule(Rule.of("be a number from -100 to 100", s -> Math.abs(s) <= 100))
              .alsoCalled("control_scale", "controlnet_scale", "control_weight", "control_strength")
              .means(
                  "how much ControlNets have to say, beside the weight of each",
                  "how much ControlNets have to say, -100 to 100")
              .inHash(InHash.BY_INPUT)
              .variesInBatch());

  /** The share of the steps before which ControlNets say nothing. */
  public static final Parameter<Double> CONTROL_GUIDANCE_START =
      add(
          number("control_guidance_start")
              .usually(0.0)
              .rule(Rule.share())
              .alsoCalled("guidance_start", "control_start")
              .means(
                  "share of the steps before which ControlNets say nothing",
                  "share of the steps before which ControlNets say nothing, 0 to 1")
              .inHash(InHash.BY_INPUT));

  /** The share of the steps after which ControlNets say nothing. */
  public static final Parameter<Double> CONTROL_GUIDANCE_END =
      add(
          number("control_guidance_end")
              .usually(1.0)
              .rule(Rule.share())
              .alsoCalled("guidance_end", "control_end")
              .means(
                  "share of the steps after which ControlNets say nothing",
                  "share of the steps after which ControlNets say nothing, 0 to 1")
              .inHash(InHash.BY_INPUT));

  /**
   * LoRAs of a row in the place of the job's, as the setting has them; in a request, those that the
   * image is made with.
   */
  public static final Parameter<String> LORAS =
      add(
          text("loras")
              .usually("")
              .canonical(String::strip)
              .rule(length())
              .scope(Scope.ROW)
              .inHash(InHash.IN_MODEL));

  /** All of them. */
  public static final List<Parameter<?>> ALL = List.copyOf(TABLE);

  /** Those that a row can say, which are the columns that are read. */
  public static final List<Parameter<?>> OF_ROW = those(Parameter::isOfRow);

  /** Those that a configuration says for rows that do not. */
  public static final List<Parameter<?>> OF_BOTH = those(p -> p.isOfRow() && p.isOfJob());

  /** Those that decide an image: what a request holds, and the result's columns. */
  public static final List<Parameter<?>> OF_IMAGE = those(Parameter::decidesImage);

  private Parameters() {}

  /**
   * The parameter of a name.
   *
   * @throws IllegalArgumentException where there is none
   */
  public static Parameter<?> named(String name) {
    return ALL.stream()
        .filter(parameter -> parameter.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Cannot find a parameter: no such name (" + name + ")"));
  }

  /** The names of the columns that are read. */
  public static List<String> columns() {
    return OF_ROW.stream().map(Parameter::name).toList();
  }

  private static <T> Parameter<T> add(Said<T> said) {
    Parameter<T> parameter = said.parameter();
    TABLE.add(parameter);
    return parameter;
  }

  private static List<Parameter<?>> those(Predicate<Parameter<?>> which) {
    return ALL.stream().filter(which).toList();
  }

  /**
   * A text encoder reads some 300 characters; from some 9 million on the tokenizer ends the JVM.
   * Longer than this is a file in the place of a prompt.
   */
  private static Rule<String> length() {
    return Rule.atMost(100_000, "characters", String::length);
  }

  private static Said<String> image(String name) {
    return text(name)
        .usually("")
        .rule(Rule.noUrl())
        .rule(Rule.atMost(4096, "characters", String::length))
        .topic(Topic.WHAT_TO_DRAW)
        .inHash(InHash.BY_INPUT)
        .variesInBatch();
  }

  private static Said<String> hashOf(String image) {
    String meaning = "SHA-256 that the file of %s must have".formatted(image);
    return text(image + "_sha256")
        .usually("")
        .rule(Rule.sha256())
        .values("64 hex digits; empty: any")
        .means(meaning, meaning + "; empty: any")
        .topic(Topic.WHAT_TO_DRAW)
        .inHash(InHash.BY_INPUT)
        .variesInBatch();
  }

  private static Said<PromptEmbeds> embedsOf(String name) {
    return embeds(name)
        .rule(Rule.of("be a list of rows of numbers", any -> true))
        .scope(Scope.ROW)
        .asPrivate()
        .variesInBatch()
        .inHash(InHash.UNLESS_USUAL);
  }

  private static Said<String> controlImage(String place) {
    String whose =
        place.isEmpty() ? "controlnets' first" : "the one at place " + place.substring(1);
    return image("control_image" + place)
        .values("any Hadoop path")
        .means(
            "PNG or JPEG file that %s looks at; in a table also its bytes".formatted(whose),
            "image file that %s looks at, any Hadoop path".formatted(whose));
  }

  private static Said<Integer> size(String name) {
    return integer(name).usually(512).rule(Rule.multipleOf(8, 8, 4096)).topic(Topic.SIZE);
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
