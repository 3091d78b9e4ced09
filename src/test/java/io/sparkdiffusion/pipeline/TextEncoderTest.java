package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFamily;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.kernel.Packing;
import io.sparkdiffusion.pipeline.TextEncoder.EncodedText;
import io.sparkdiffusion.pipeline.TextEncoder.Text;
import io.sparkdiffusion.request.PromptSyntax;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.ClipTokenizer;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import java.nio.file.Path;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TextEncoderTest {

  private static final Path FOLDER = ReferenceModels.folder("base");

  /** Of Stable Diffusion 2 a hundred; what 32 images need stays, however much that is. */
  @Test
  void whatIsRememberedIsBoundByBytes() {
    assertThat(TextEncoder.remembered(77 * 1024 * 4)).isEqualTo(106);
    assertThat(TextEncoder.remembered(77 * 768 * 4)).isEqualTo(141);
    assertThat(TextEncoder.remembered(77 * 40 * 4)).isEqualTo(256);
    assertThat(TextEncoder.remembered(77 * 4096 * 4)).isEqualTo(64);
  }

  /** A text that is computed anew has new embeddings. */
  @Test
  void aThousandRowsOfTenPromptsAndOneNegativeAreElevenCallsOfTheNetwork() {
    TextConfig config = TextConfig.read(FOLDER.resolve("text_encoder/config.json"));
    int positions = Math.toIntExact(config.positions());
    try (TorchDevice device = TorchDevice.open("cpu");
        ClipTokenizer tokenizer = ClipTokenizer.load(FOLDER.resolve("tokenizer"), positions)) {
      Graph graph = device.target(Dtype.FLOAT32).apply(new ClipTextModel(config).record());
      try (WeightDictionary weights =
              WeightDictionary.load(
                  device,
                  ModelFamily.STABLE_DIFFUSION.weights(
                      FOLDER, WeightChoice.USUAL, Component.TEXT_ENCODER, graph.weights()),
                  Dtype.FLOAT32,
                  Packing.of(graph));
          CompiledGraph model = CompiledGraph.compile(graph, weights);
          TextEncoder encoder =
              new TextEncoder(tokenizer, any -> model, device, config.vocabulary())) {
        Set<EncodedText> computed = Collections.newSetFromMap(new IdentityHashMap<>());
        for (int row = 0; row < 1000; row++) {
          computed.add(encoder.encode(plain("")));
          computed.add(encoder.encode(plain("a photograph of horse number " + row % 10)));
        }
        assertThat(computed).hasSize(11);
      }
    }
  }

  private static Text plain(String words) {
    return new Text(words, PromptSyntax.PLAIN, 1, 0);
  }
}
