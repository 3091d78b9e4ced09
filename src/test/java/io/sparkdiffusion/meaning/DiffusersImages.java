package io.sparkdiffusion.meaning;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.Requests;
import java.util.List;
import java.util.stream.Stream;

/**
 * Images that diffusers has drawn with what ships with the project. An image's id ends with its
 * seed; its prompt is in the file's metadata.
 *
 * @param side of each, in pixels
 */
record DiffusersImages(ReferenceFile numbers, int steps, double guidanceScale, int side) {

  /** What gives those under a name. */
  List<ImageRequest> requests(String name, Parameter.Value<?>... more) {
    return numbers.names().stream()
        .filter(id -> id.startsWith(name + "/"))
        .map(id -> request(id, more))
        .toList();
  }

  private ImageRequest request(String id, Parameter.Value<?>... more) {
    Stream<Parameter.Value<?>> values =
        Stream.of(
            Parameters.SEED.of(Long.parseLong(id.substring(id.indexOf('/') + 1))),
            Parameters.NUM_INFERENCE_STEPS.of(steps),
            Parameters.GUIDANCE_SCALE.of(guidanceScale),
            Parameters.HEIGHT.of(side),
            Parameters.WIDTH.of(side));
    return Requests.of(
        id,
        0,
        numbers.metadata().get(id),
        "",
        Stream.concat(values, Stream.of(more)).toArray(Parameter.Value<?>[]::new));
  }
}
