package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.torch.NoGpu;
import java.util.List;
import java.util.Optional;

/** Says why no GPU can be used: as the problem where one was asked for, else in a line. */
final class WantedGpu {

  private WantedGpu() {}

  /**
   * Makes sure that a GPU can be used.
   *
   * @param setting the device that was asked for
   * @throws ProblemsException with every reason and its fix
   */
  static void require(GeneratorFactory generators, String setting) {
    List<NoGpu> reasons = generators.whyNoGpu();
    if (!reasons.isEmpty()) {
      throw new ProblemsException(
          reasons.stream()
              .map(
                  no ->
                      "Cannot use device=%s: libtorch must have a GPU (%s); %s, or set device=cpu"
                          .formatted(setting, no.reason(), no.fix()))
              .toList());
    }
  }

  /** Why {@code auto} has become the CPU; empty where it has not. */
  static Optional<String> whyCpu(GeneratorFactory generators, String setting, String chosen) {
    return setting.equals("auto") && chosen.equals("cpu")
        ? generators.whyNoGpu().stream()
            .findFirst()
            .map(no -> "device=auto is the CPU here: " + no.reason())
        : Optional.empty();
  }
}
