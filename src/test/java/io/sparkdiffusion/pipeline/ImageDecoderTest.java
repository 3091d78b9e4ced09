package io.sparkdiffusion.pipeline;

import static io.sparkdiffusion.testing.Comparison.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFamily;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Tensor;
import io.sparkdiffusion.kernel.Packing;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.Tiles;
import io.sparkdiffusion.vae.VaeConfig;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Decoding in tiles against diffusers' {@code AutoencoderKL.enable_tiling}, in float32. */
class ImageDecoderTest {

  private static final ReferenceFile NUMBERS = ReferenceModels.numbers("tiled.safetensors");

  private static TorchDevice device;

  @BeforeAll
  static void open() {
    device = TorchDevice.open("cpu");
  }

  @AfterAll
  static void close() {
    device.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "v21"})
  void tilesEqualDiffusers(String model) {
    VaeConfig config = config(model);
    Tiles tiles = Tiles.ofDecoder(config);
    long[] shape = NUMBERS.shape(model + "/latents");
    AutoencoderKlDecoder decoder = new AutoencoderKlDecoder(config);
    Graph graph = new Graph("tiles");
    Tensor latents = graph.input(shape);
    List<Tiles.Tile> all = tiles.of(shape[2], shape[3]);
    List<Tensor> images =
        all.stream()
            .map(
                tile ->
                    latents
                        .narrow(2, tile.top(), tile.height())
                        .narrow(3, tile.left(), tile.width()))
            .map(tile -> decoder.decode(graph.scope(), tile, Dtype.FLOAT32))
            .toList();
    graph.returns(tiles.joined(all, images));
    Target target = Target.aten(Dtype.FLOAT32);
    try (WeightDictionary weights = weights(model, target);
        CompiledGraph compiled = CompiledGraph.compile(target.apply(graph), weights);
        DeviceTensor input = device.floats(scaled(model), shape);
        DeviceTensor output = compiled.run(input)) {
      assertClose(model, output.toFloats(), NUMBERS.floats(model + "/image"), 1e-5);
    }
  }

  /** As a batch is decoded, each image by its own graphs: the same pixels, to one level. */
  @ParameterizedTest
  @CsvSource({"base, 0", "v21, 0", "v21, 1"})
  void imagesInTilesHaveDiffusersPixels(String model, int index) {
    long[] shape = NUMBERS.shape(model + "/latents");
    byte[] expected = pixels(model, index);
    try (DeviceTensor states = device.floats(scaled(model), shape)) {
      byte[] tiled = decode(model, states, index, true);
      byte[] whole = decode(model, states, index, false);

      assertThat(tiled).hasSameSizeAs(expected).hasSameSizeAs(whole);
      assertThat(furthest(tiled, expected)).isLessThanOrEqualTo(1);
      assertThat(furthest(whole, expected)).isGreaterThan(3);
      assertThat(tiled[tiled.length - 1]).as("all is finite").isEqualTo((byte) 1);
    }
  }

  private static byte[] decode(String model, DeviceTensor states, int index, boolean inTiles) {
    long[] shape = states.shape().sizes();
    Target target = device.target(Dtype.FLOAT32);
    try (WeightsOnDemand weights = new WeightsOnDemand(() -> weights(model, target));
        ImageDecoder decoder = new ImageDecoder(device, config(model), weights, target)) {
      return decoder.decode(
          states, index, new BatchShape(1, shape[1], shape[2], shape[3], false, false), inTiles);
    }
  }

  /** One image as {@link Pixels} has it, with the flag that all is finite. */
  private static byte[] pixels(String model, int index) {
    float[] images = NUMBERS.floats(model + "/image");
    long[] shape = NUMBERS.shape(model + "/image");
    int plane = Math.toIntExact(shape[2] * shape[3]);
    byte[] rgb = new byte[3 * plane + 1];
    for (int i = 0; i < 3 * plane; i++) {
      float value = images[(3 * index + i % 3) * plane + i / 3];
      rgb[i] = (byte) Math.rint(255 * Math.min(1, Math.max(0, value * 0.5f + 0.5f)));
    }
    rgb[3 * plane] = 1;
    return rgb;
  }

  private static int furthest(byte[] actual, byte[] expected) {
    int furthest = 0;
    for (int i = 0; i < actual.length; i++) {
      furthest = Math.max(furthest, Math.abs((actual[i] & 0xff) - (expected[i] & 0xff)));
    }
    return furthest;
  }

  private static VaeConfig config(String model) {
    return VaeConfig.read(ReferenceModels.folder(model).resolve("vae/config.json"));
  }

  private static float[] scaled(String model) {
    float[] latents = NUMBERS.floats(model + "/latents");
    for (int i = 0; i < latents.length; i++) {
      latents[i] *= (float) config(model).scalingFactor();
    }
    return latents;
  }

  private static WeightDictionary weights(String model, Target target) {
    Graph usual =
        target.apply(new AutoencoderKlDecoder(config(model)).record(target.dtype(), 1, 8, 8));
    return WeightDictionary.load(
        device,
        ModelFamily.STABLE_DIFFUSION.weights(
            ReferenceModels.folder(model), WeightChoice.USUAL, Component.VAE, usual.weights()),
        target.dtype(),
        Packing.of(usual));
  }
}
