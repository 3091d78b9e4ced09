package io.sparkdiffusion.adapter;

import io.sparkdiffusion.config.LoraUnmatched;
import java.util.List;

/**
 * The adapters of a model, which are added in this order.
 *
 * @param unmatched what happens to tensors that belong to no layer of the model
 */
public record AdapterSet(List<WeightedAdapter> adapters, LoraUnmatched unmatched) {

  /** The model as it is. */
  public static final AdapterSet NONE = new AdapterSet(List.of(), LoraUnmatched.REFUSE);

  /** Keeps a copy. */
  public AdapterSet {
    adapters = List.copyOf(adapters);
  }
}
