package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.EmbeddingSet;
import java.util.List;

/**
 * What joins a model.
 *
 * @param adapters in the weights
 * @param embeddings in the text encoder's tokens
 * @param controlNets beside the UNet
 */
public record Additions(
    AdapterSet adapters, EmbeddingSet embeddings, List<WeightedControlNet> controlNets) {

  /** The model as it is. */
  public static final Additions NONE = new Additions(AdapterSet.NONE, EmbeddingSet.NONE, List.of());

  /** Keeps a copy. */
  public Additions {
    controlNets = List.copyOf(controlNets);
  }
}
