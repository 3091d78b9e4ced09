package io.sparkdiffusion.torch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Layers;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.pipeline.BatchShape;
import io.sparkdiffusion.pipeline.Pixels;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.VaeConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is recorded decides an image's last bits: it changes on purpose or not at all. */
class RecordedScriptsTest {

  /** SHA-256 of each network's texts in all shapes, made once, the VAE encoder's with it. */
  private static final Path KNOWN = Path.of("src/test/resources/recorded-scripts.txt");

  /** For every target, type and shape, as they were before graphs were made of nodes. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "models/tiny-sd2-base",
        "src/test/resources/reference/base",
        "src/test/resources/reference/v21",
        "src/test/resources/reference/variants/old_vae",
        "src/test/resources/reference/variants/new_vae",
        "tools/gpu/real-size"
      })
  void scriptsAreTheSame(String model) throws Exception {
    List<String> known =
        Files.readAllLines(KNOWN).stream().filter(line -> line.startsWith(model + " ")).toList();
    List<String> actual = new ArrayList<>();
    RecordedGraphs graphs = new RecordedGraphs(Path.of(model));
    for (Map.Entry<String, Target> target : RecordedGraphs.targets().entrySet()) {
      graphs
          .texts(target.getValue())
          .forEach(
              (network, texts) ->
                  actual.add(
                      String.join(" ", model, target.getKey(), network, sha256(texts.entrySet()))));
    }
    assertThat(actual).isEqualTo(known).isNotEmpty();
  }

  @Test
  void stepsAreTheSame() throws Exception {
    assertThat(Files.readAllLines(KNOWN))
        .contains("step " + sha256(RecordedGraphs.steps().entrySet()));
  }

  /** What makes bytes of images changes nothing of the decoder in front of it, kernels included. */
  @Test
  void bytesAreMadeBehindTheDecodersOwnScript() {
    VaeConfig config = VaeConfig.read(ReferenceModels.folder("base").resolve("vae/config.json"));
    AutoencoderKlDecoder decoder = new AutoencoderKlDecoder(config);
    BatchShape shape = new BatchShape(3, config.latentChannels(), 9, 7, false, false);
    RecordedGraphs.targets()
        .forEach(
            (name, target) -> {
              String images = TorchScript.of(target.apply(decoder.record(target.dtype(), 3, 9, 7)));
              String pixels =
                  TorchScript.of(target.apply(Pixels.record(decoder, target.dtype(), shape)));
              String own = images.substring(0, images.indexOf("    return torch.contiguous("));
              assertThat(pixels).as(name).startsWith(own);
            });
  }

  private static String sha256(Set<Map.Entry<String, String>> texts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Map.Entry<String, String> text : texts) {
        digest.update((text.getKey() + "\n" + text.getValue()).getBytes(UTF_8));
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** libtorch lets cuDNN round float32 to TensorFloat-32 wherever a convolution does not say no. */
  @ParameterizedTest
  @EnumSource(
      value = Dtype.class,
      names = {"FLOAT32", "FLOAT16", "BFLOAT16"})
  void aGpusConvolutionsAreDeterministicAndInTheirOwnType(Dtype dtype) {
    for (Graph graph : networks(Target.cuda(dtype))) {
      List<String> convolutions =
          TorchScript.of(graph)
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
    Graph graph = new Graph("a convolution");
    Tensor x = graph.input(2, 3, 5, 4);
    graph.returns(Layers.conv2d(x, graph.input(4, 3, 3, 3), graph.input(4), 2, 1));
    return Evaluation.of(
        target.apply(graph), values(2 * 3 * 5 * 4), values(4 * 3 * 3 * 3), values(4));
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
    Dtype dtype = target.dtype();
    return Stream.of(
            new ClipTextModel(TextConfig.read(model.resolve("text_encoder/config.json"))).record(),
            new Unet2dConditionModel(UnetConfig.read(model.resolve("unet/config.json")))
                .record(dtype, 2, 4, 8, 8, 77),
            new AutoencoderKlDecoder(VaeConfig.read(model.resolve("vae/config.json")))
                .record(dtype, 2, 8, 8))
        .map(target::apply)
        .toList();
  }
}
