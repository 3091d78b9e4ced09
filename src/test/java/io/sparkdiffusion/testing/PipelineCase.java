package io.sparkdiffusion.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkdiffusion.prompt.ImageRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** One whole run that diffusers has made, as {@code cases.json} tells it. */
public record PipelineCase(
    String name,
    String model,
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
                    new ImageRequest(
                        "row" + i,
                        0,
                        json.get("prompts").get(i).asText(),
                        json.get("negative_prompts").get(i).asText(),
                        json.get("seeds").get(i).asLong(),
                        json.get("steps").asInt(),
                        json.get("guidance_scale").asDouble(),
                        json.get("guidance_rescale").asDouble(),
                        json.get("height").asInt(),
                        json.get("width").asInt(),
                        "ddim",
                        json.get("eta").asDouble()))
            .toList();
    return new PipelineCase(
        json.get("name").asText(),
        json.get("model").asText(),
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
