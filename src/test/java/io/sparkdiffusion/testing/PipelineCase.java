package io.sparkdiffusion.testing;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

/**
 * One whole run that diffusers has made.
 *
 * @param numbers the file that has its latents and pixels
 * @param loras adapters as the setting has them, of the folder {@link #ADAPTERS}
 * @param controlNets the same of {@link #CONTROL_NETS}
 */
public record PipelineCase(
    String name,
    String model,
    String numbers,
    List<ImageRequest> requests,
    Map<String, Object> schedulerOverrides,
    List<String> loras,
    List<String> controlNets) {

  /** The numbers of {@link #samplers()}. */
  public static final String SAMPLERS = "pipeline_samplers.safetensors";

  private static final String FROM_IMAGE = "pipeline_from_image.safetensors";

  private static final String FROM_INPUTS = "pipeline_inputs.safetensors";

  /** Where the adapters of {@link #loras()} are. */
  public static final Path ADAPTERS = ReferenceModels.folder("adapters");

  private static final String ANY_HASH = "0".repeat(64);

  private static final String LORA = "pipeline_lora.safetensors";

  private static final String CONTROLLED = "pipeline_controlnet.safetensors";

  /** Where the ControlNets of {@link #controlNets()} are. */
  public static final Path CONTROL_NETS = ReferenceModels.folder("controlnet");

  /** All runs with DDIM, as {@code cases.json} tells them. */
  public static List<PipelineCase> all() {
    try {
      return all(
          new ObjectMapper()
              .readTree(ReferenceModels.folder("cases.json").toFile())
              .get("pipeline"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All runs with other samplers. */
  public static List<PipelineCase> samplers() {
    return about(SAMPLERS);
  }

  /** All runs with adapters. */
  public static List<PipelineCase> lora() {
    return about(LORA);
  }

  /** All runs that start from images, of which the files of {@link #requests} are no real ones. */
  public static List<PipelineCase> fromImage() {
    return about(FROM_IMAGE);
  }

  /** The same of runs that have masks and depths too. */
  public static List<PipelineCase> fromInputs() {
    return about(FROM_INPUTS);
  }

  /** All runs that upscale images, of which the files of {@link #requests} are no real ones. */
  public static List<PipelineCase> upscaled() {
    return about("pipeline_upscale.safetensors");
  }

  /** All runs under ControlNets, of which the files of {@link #requests} are no real ones. */
  public static List<PipelineCase> controlled() {
    return about(CONTROLLED);
  }

  private static List<PipelineCase> about(String numbers) {
    try {
      return all(
          new ObjectMapper().readTree(ReferenceModels.numbers(numbers).metadata().get("about")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<PipelineCase> all(JsonNode cases) {
    return StreamSupport.stream(cases.spliterator(), false).map(PipelineCase::of).toList();
  }

  private static PipelineCase of(JsonNode json) {
    List<ImageRequest> requests =
        IntStream.range(0, json.get("prompts").size())
            .mapToObj(
                i ->
                    Requests.of(
                        "row" + i,
                        0,
                        json.get("prompts").get(i).asText(),
                        json.get("negative_prompts").get(i).asText(),
                        Parameters.SEED.of(json.get("seeds").get(i).asLong()),
                        Parameters.NUM_INFERENCE_STEPS.of(json.get("steps").asInt()),
                        Parameters.GUIDANCE_SCALE.of(json.get("guidance_scale").asDouble()),
                        Parameters.GUIDANCE_RESCALE.of(json.get("guidance_rescale").asDouble()),
                        Parameters.HEIGHT.of(json.get("height").asInt()),
                        Parameters.WIDTH.of(json.get("width").asInt()),
                        Parameters.SCHEDULER.of(json.path("scheduler").asText("ddim")),
                        Parameters.ETA.of(json.get("eta").asDouble()),
                        Parameters.STRENGTH.of(json.path("strength").asDouble(0.8)),
                        Parameters.NOISE_LEVEL.of(json.path("noise_level").asInt(20)),
                        Parameters.VAE_TILING.of(json.path("tiled").asBoolean() ? "on" : "auto"),
                        Parameters.INIT_IMAGE_SHA256.of(
                            json.has("strength") || json.has("noise_level") ? ANY_HASH : ""),
                        Parameters.MASK_IMAGE_SHA256.of(hash(json, "mask_image")),
                        Parameters.DEPTH_IMAGE_SHA256.of(hash(json, "depth_image")),
                        Parameters.CONTROLNET_CONDITIONING_SCALE.of(json.path("scale").asDouble(1)),
                        Parameters.CONTROL_GUIDANCE_START.of(json.path("start").asDouble(0)),
                        Parameters.CONTROL_GUIDANCE_END.of(json.path("end").asDouble(1))))
            .map(request -> json.has("noise_level") ? request.upscaled() : request)
            .toList();
    return new PipelineCase(
        json.get("name").asText(),
        json.get("model").asText(),
        json.path("numbers").asText(json.has("overrides") ? "pipeline_samplers" : "pipeline")
            + ".safetensors",
        requests,
        json.has("overrides")
            ? new ObjectMapper().convertValue(json.get("overrides"), new TypeReference<>() {})
            : Map.of(
                "timestep_spacing",
                json.get("timestep_spacing").asText(),
                "rescale_betas_zero_snr",
                json.get("rescale_betas_zero_snr").asBoolean()),
        texts(json.path("loras")),
        texts(json.path("controlnets")));
  }

  private static List<String> texts(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).map(JsonNode::asText).toList();
  }

  private static String hash(JsonNode json, String input) {
    return json.path("inputs").toString().contains(input) ? ANY_HASH : "";
  }

  @Override
  public String toString() {
    return name;
  }
}
