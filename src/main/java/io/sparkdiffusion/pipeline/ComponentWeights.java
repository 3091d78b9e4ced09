package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.adapter.Adapters;
import io.sparkdiffusion.adapter.EmbeddingSet;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ControlNetNetwork;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.graph.WeightSource;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.text.ClipTokenizer;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import io.sparkdiffusion.util.ResourceStack;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * The weights of a model's components on a device, with what LoRAs and textual inversion add to
 * them. Each component's are read when they are needed first.
 */
final class ComponentWeights implements AutoCloseable {

  private final ResourceStack resources = new ResourceStack();
  private final List<WeightsOnDemand> all = new ArrayList<>();
  private final Networks networks;
  private final Adapters adapters;
  private final EmbeddingSet embeddings;
  private final Supplier<ClipTokenizer> tokenizer;
  private final TorchDevice device;

  /** Reads nothing yet; the tokenizer is waited for where embeddings are given alone. */
  ComponentWeights(
      Networks networks,
      Adapters adapters,
      EmbeddingSet embeddings,
      Supplier<ClipTokenizer> tokenizer,
      TorchDevice device) {
    this.networks = networks;
    this.adapters = adapters;
    this.embeddings = embeddings;
    this.tokenizer = tokenizer;
    this.device = device;
  }

  /** Those of a component for a target, which this closes. */
  WeightsOnDemand of(Component component, Target target) {
    WeightsOnDemand read = resources.push(new WeightsOnDemand(() -> load(component, target)));
    all.add(read);
    return read;
  }

  /** Those of a ControlNet for a target, which this closes. */
  WeightsOnDemand of(ControlNetNetwork network, Target target) {
    WeightsOnDemand read = resources.push(new WeightsOnDemand(() -> load(network, target)));
    all.add(read);
    return read;
  }

  private WeightDictionary load(ControlNetNetwork network, Target target) {
    return WeightDictionary.load(
        device,
        network.weights(),
        target.dtype(),
        target.packings(() -> network.usual(networks, target.dtype())));
  }

  /** On a CPU laid out for images of the size that it was trained on, one with guidance. */
  private WeightDictionary load(Component component, Target target) {
    WeightSource adapted = adapters.over(component.folder(), networks.weights(component));
    return WeightDictionary.load(
        device,
        component == Component.TEXT_ENCODER ? withTokens(adapted) : adapted,
        target.dtype(),
        target.packings(() -> networks.usual(component, target.dtype())));
  }

  private WeightSource withTokens(WeightSource weights) {
    return embeddings.all().isEmpty()
        ? weights
        : embeddings.over(weights, tokenizer.get().firstNew(), vocabulary());
  }

  /** How many ids the text encoder knows. */
  long vocabulary() {
    long own = networks.text().vocabulary();
    return embeddings.all().isEmpty() ? own : Math.max(own, tokenizer.get().count());
  }

  /** Reads those of all components that were asked for. */
  void readAll() {
    all.forEach(WeightsOnDemand::get);
  }

  /** How long reading has taken so far. */
  Duration loading() {
    return all.stream().map(WeightsOnDemand::loading).reduce(Duration.ZERO, Duration::plus);
  }

  @Override
  public void close() {
    resources.close();
  }
}
