package io.sparkdiffusion.graph;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.VaeConfig;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is recorded decides a picture's last bits: it changes on purpose or not at all. */
class RecordedScriptsTest {

  /** Of what a CPU runs: what is written for GPUs must leave it alone. */
  @ParameterizedTest
  @CsvSource({
    "FLOAT32, ATEN, 4b70b9fb54f62f9e60315ca8edca469b07da32258e4d4ecfb6fd4513cb8e3684",
    "FLOAT32, ONEDNN, 2693eca5120922b76ae5147a6808840dcd202fc86f6ad4981a6484d7568fb631",
    "BFLOAT16, ATEN, ae55dd1dd873f3d9131f0a4781e46c8015829de3a126887a020d5c467dcbe2d9",
    "BFLOAT16, ONEDNN, 2cd439f412e5c54d6d37057e146bfad4fc1526d84eb10f67c362be40688b64fd",
    "BFLOAT16, ONEDNN_WITH_TILES, 148f4f4686b95069e95fc7239b44fd160167ff8aefa249a725771552f8e0c033"
  })
  void aCpusScriptsAreTheSame(Dtype dtype, Target.Kernels kernels, String sha256) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (Graph graph : networks(new Target(dtype, kernels))) {
      digest.update(graph.script().getBytes(UTF_8));
    }
    assertThat(HexFormat.of().formatHex(digest.digest())).isEqualTo(sha256);
  }

  /** libtorch lets cuDNN round float32 to TensorFloat-32 wherever a convolution does not say no. */
  @ParameterizedTest
  @EnumSource(
      value = Dtype.class,
      names = {"FLOAT32", "FLOAT16", "BFLOAT16"})
  void aGpusConvolutionsAreDeterministicAndInTheirOwnType(Dtype dtype) {
    for (Graph graph : networks(Target.cuda(dtype))) {
      List<String> convolutions =
          graph
              .script()
              .lines()
              .filter(line -> line.matches(".*(conv2d|_convolution)\\(.*"))
              .toList();
      assertThat(convolutions)
          .hasSameSizeAs(
              graph.weights().values().stream().filter(shape -> shape.rank() == 4).toList())
          .allMatch(line -> line.contains("= torch._convolution("))
          .allMatch(line -> line.endsWith(", False, [0, 0], 1, False, True, True, False)"));
    }
  }

  /** The same numbers where no cuDNN is there to heed it. */
  @Test
  void aGpusConvolutionComputesTheSame() {
    assertThat(convolution(Target.cuda(Dtype.FLOAT32)))
        .containsExactly(convolution(Target.aten(Dtype.FLOAT32)), Offset.offset(1e-5f));
  }

  private static float[] convolution(Target target) {
    Graph graph = new Graph("a convolution", target);
    Tensor x = graph.input(2, 3, 5, 4);
    graph.returns(Layers.conv2d(x, graph.input(4, 3, 3, 3), graph.input(4), 2, 1));
    return Evaluation.of(graph, values(2 * 3 * 5 * 4), values(4 * 3 * 3 * 3), values(4));
  }

  private static float[] values(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) Math.sin(i);
    }
    return values;
  }

  private static List<Graph> networks(Target target) {
    Path model = ReferenceModels.folder("base");
    return List.of(
        new ClipTextModel(TextConfig.read(model.resolve("text_encoder/config.json")))
            .record(target),
        new Unet2dConditionModel(UnetConfig.read(model.resolve("unet/config.json")))
            .record(target, 2, 4, 8, 8, 77),
        new AutoencoderKlDecoder(VaeConfig.read(model.resolve("vae/config.json")))
            .record(target, 2, 8, 8));
  }
}
