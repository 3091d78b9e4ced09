package io.sparkdiffusion.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * One whole run that diffusers has made, as {@code cases.json} tells it.
 *
 * @param numbers the file that has its latents and pixels
 */
public record PipelineCase(
    String name,
    String model,
    String numbers,
    List<ImageRequest> requests,
    Map<String, Object> schedulerOverrides) {

  /** All runs. */
  public static List<PipelineCase> all() {
    try {
      List<PipelineCase> cases = new java.util.ArrayList<>();
      new ObjectMapper()
          .readTree(ReferenceModels.folder("cases.json").toFile())
          .get("pipeline")
          .forEach(json -> cases.add(of(json)));
      return cases;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static PipelineCase of(com.fasterxml.jackson.databind.JsonNode json) {
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
                        Parameters.ETA.of(json.get("eta").asDouble())))
            .toList();
    return new PipelineCase(
        json.get("name").asText(),
        json.get("model").asText(),
        json.path("numbers").asText("pipeline") + ".safetensors",
        requests,
        Map.of(
            "timestep_spacing",
            json.get("timestep_spacing").asText(),
            "rescale_betas_zero_snr",
            json.get("rescale_betas_zero_snr").asBoolean()));
  }

  @Override
  public String toString() {
    return name;
  }
}
