package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.torch.WeightDictionary;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;

/** The weights of one network, read when they are asked for. Not thread-safe. */
final class WeightsOnDemand implements AutoCloseable {

  private final Supplier<WeightDictionary> load;
  private Optional<WeightDictionary> loaded = Optional.empty();
  private Duration loading = Duration.ZERO;

  /**
   * Reads nothing yet.
   *
   * @param load gives a dictionary that this then owns
   */
  WeightsOnDemand(Supplier<WeightDictionary> load) {
    this.load = load;
  }

  /** The weights, which stay until {@link #close}. */
  WeightDictionary get() {
    if (loaded.isEmpty()) {
      long start = System.nanoTime();
      loaded = Optional.of(load.get());
      loading = loading.plusNanos(System.nanoTime() - start);
    }
    return loaded.get();
  }

  /** Time spent in reading so far. */
  Duration loading() {
    return loading;
  }

  /** Frees the weights; who asks again reads them again. */
  @Override
  public void close() {
    loaded.ifPresent(WeightDictionary::close);
    loaded = Optional.empty();
  }
}
