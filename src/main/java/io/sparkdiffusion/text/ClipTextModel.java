package io.sparkdiffusion.text;

import io.sparkdiffusion.graph.Attention;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Scope;
import io.sparkdiffusion.graph.Tensor;

/**
 * The text transformer of CLIP (arXiv 2103.00020; transformers, CLIPTextModel). Stable Diffusion 2
 * stores one layer less than was trained, so the last hidden state is the one that the UNet attends
 * to.
 */
public final class ClipTextModel {

  private final TextConfig config;

  /** The network that a configuration describes. */
  public ClipTextModel(TextConfig config) {
    this.config = config;
  }

  /**
   * Records one call. Input: token ids (1, positions) int64; result: the last hidden states (1,
   * positions, width) float32.
   */
  public Graph record() {
    return record(0);
  }

  /**
   * The same without the last layers, but with the norm behind them, as diffusers' clip_skip
   * (encode_prompt of StableDiffusionPipeline).
   *
   * @param skipped how many layers are left out, 0 to all
   */
  public Graph record(int skipped) {
    Graph graph = new Graph("the text encoder");
    Tensor ids = graph.input(1, config.positions());
    Scope model = graph.scope().sub("text_model");
    Scope embeddings = model.sub("embeddings");
    Tensor tokens =
        embeddings
            .sub("token_embedding")
            .weight("weight", config.vocabulary(), config.width())
            .embedding(ids);
    Tensor h =
        tokens.plus(
            embeddings
                .sub("position_embedding")
                .weight("weight", config.positions(), config.width()));
    for (int layer = 0; layer < config.layers() - skipped; layer++) {
      h = layer(model.sub("encoder").sub("layers", layer), h);
    }
    return graph.returns(
        model.layerNorm("final_layer_norm", h, config.normEpsilon()).to(Dtype.FLOAT32));
  }

  /** x (1, N, C): attention, feed-forward, each after a norm and with a residual. */
  private Tensor layer(Scope scope, Tensor x) {
    Tensor norm1 = scope.layerNorm("layer_norm1", x, config.normEpsilon());
    Tensor h = attention(scope.sub("self_attn"), norm1).plus(x);
    Tensor norm2 = scope.layerNorm("layer_norm2", h, config.normEpsilon());
    return feedForward(scope.sub("mlp"), norm2).plus(h);
  }

  /** x (1, N, C): self.fc2(self.activation_fn(self.fc1(x))). */
  private Tensor feedForward(Scope mlp, Tensor x) {
    Tensor inner = activate(mlp.linear("fc1", x, config.innerWidth()));
    return mlp.linear("fc2", inner, config.width());
  }

  /** Each token sees itself and those before it; no padding is masked. */
  private Tensor attention(Scope scope, Tensor x) {
    Tensor query = split(scope.linear("q_proj", x, config.width()));
    Tensor key = split(scope.linear("k_proj", x, config.width()));
    Tensor value = split(scope.linear("v_proj", x, config.width()));
    Tensor joined =
        Attention.of(query, key, value, Attention.Kind.CAUSAL)
            .transpose(1, 2)
            .reshape(x.shape().sizes());
    return scope.linear("out_proj", joined, config.width());
  }

  private Tensor split(Tensor x) {
    long head = config.width() / config.heads();
    return x.reshape(x.size(0), x.size(1), config.heads(), head).transpose(1, 2);
  }

  private Tensor activate(Tensor x) {
    return config.activation().equals("gelu") ? x.gelu() : x.times(x.times(1.702).sigmoid());
  }
}
