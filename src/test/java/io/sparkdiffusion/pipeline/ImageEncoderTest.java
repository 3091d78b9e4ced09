package io.sparkdiffusion.pipeline;

import static io.sparkdiffusion.testing.Comparison.assertClose;
import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFamily;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.kernel.Packing;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.noise.TorchGenerator;
import io.sparkdiffusion.testing.EmbeddedModels;
import io.sparkdiffusion.testing.ReferenceFile;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.AutoencoderKlEncoder;
import io.sparkdiffusion.vae.VaeConfig;
import io.sparkdiffusion.vae.VaeEncoderConfig;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The VAE's encoder against diffusers on the same weights, in float32 and in bfloat16. */
class ImageEncoderTest {

  private static final ReferenceFile NUMBERS = ReferenceModels.numbers("encoder.safetensors");
  private static final double BOUND = 1e-5;
  private static final String[] CALLS = {"square", "odd", "smallest"};

  private static TorchDevice device;

  @BeforeAll
  static void open() {
    device = TorchDevice.open("cpu");
  }

  @AfterAll
  static void close() {
    device.close();
  }

  /** Weights under old and new names, float32 and float16. */
  @ParameterizedTest
  @CsvSource({
    "base, base",
    "v21, v21",
    "sd15, sd15",
    "variants/fp16, variants/fp16",
    "variants/old_vae, base",
    "variants/new_vae, base"
  })
  void momentsEqualDiffusers(String folder, String answers) {
    for (String call : CALLS) {
      float[] moments = moments(folder, call, device.target(Dtype.FLOAT32));
      assertClose(
          folder + " " + call, moments, NUMBERS.floats(answers + "/" + call + "/moments"), BOUND);
    }
  }

  /** bfloat16 keeps 8 bits, rounded some ten times in each of some thirty layers. */
  @ParameterizedTest
  @EnumSource(Target.Kernels.class)
  void momentsInBfloat16EqualDiffusersButForRounding(Target.Kernels kernels) {
    float[] moments = moments("base", "odd", new Target(Dtype.BFLOAT16, kernels));
    assertClose("base by " + kernels, moments, NUMBERS.floats("base/odd/moments"), 3e-2);
  }

  /** From bytes and seeds alone, each image with its own noise. */
  @ParameterizedTest
  @ValueSource(strings = {"base", "v21", "sd15", "variants/fp16"})
  void latentsEqualDiffusers(String folder) {
    for (String call : CALLS) {
      String name = folder + "/" + call + "/latents";
      float[] latents = latents(folder, NUMBERS.bytes(call + "/rgb"), NUMBERS.shape(name), false);
      assertClose(folder + " " + call, latents, NUMBERS.floats(name), BOUND);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "v21"})
  void latentsInTilesEqualDiffusers(String folder) {
    String tiled = "tiled/" + folder;
    byte[] rgb = NUMBERS.bytes(tiled + "/rgb");
    long[] shape = NUMBERS.shape(tiled + "/latents");
    float[] expected = NUMBERS.floats(tiled + "/latents");

    assertClose(tiled, latents(folder, rgb, shape, true), expected, BOUND);
    assertThat(latents(folder, rgb, shape, false)).isNotEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"square", "odd", "smallest"})
  void imagesAreThoseOfDiffusers(String call) {
    long[] shape = NUMBERS.shape("base/" + call + "/latents");
    try (ImageEncoder encoder = encoder(ReferenceModels.folder("base"));
        DeviceTensor images = encoder.images(NUMBERS.bytes(call + "/rgb"), batch(shape))) {
      assertThat(images.shape().sizes()).isEqualTo(NUMBERS.shape(call + "/images"));
      assertThat(images.toFloats()).isEqualTo(NUMBERS.floats(call + "/images"));
    }
  }

  /** What an image becomes does not depend on those beside it. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void anImageOfABatchIsTheImageAlone(int index) {
    long[] shape = NUMBERS.shape("base/odd/latents");
    byte[] rgb = NUMBERS.bytes("odd/rgb");
    int pixels = rgb.length / 3;
    float[] all = latents("base", rgb, shape, false);
    int one = all.length / 3;
    byte[] its = Arrays.copyOfRange(rgb, index * pixels, (index + 1) * pixels);
    long[] single = {1, shape[1], shape[2], shape[3]};

    float[] alone = latents("base", its, single, noise(single, index), false);

    assertThat(alone).isEqualTo(Arrays.copyOfRange(all, index * one, (index + 1) * one));
  }

  /** A drawing goes through the shipped autoencoder and comes back. */
  @Test
  void theEmbeddedEncoderFitsItsDecoder() {
    Path folder = EmbeddedModels.base();
    byte[] drawing = disc(EmbeddedModels.RESOLUTION);
    BatchShape shape = new BatchShape(1, 4, 16, 16, false, false);
    Target target = device.target(Dtype.FLOAT32);
    VaeConfig config = VaeConfig.read(folder.resolve("vae/config.json"));
    try (WeightsOnDemand weights = new WeightsOnDemand(() -> decoderWeights(folder, config));
        ImageDecoder decoder = new ImageDecoder(device, config, weights, target);
        ImageEncoder encoder = encoder(folder);
        DeviceTensor images = encoder.images(drawing, shape);
        DeviceTensor noise = device.floats(noise(new long[] {1, 4, 16, 16}, 0), 1, 4, 16, 16);
        DeviceTensor latents = encoder.encode(images, noise, shape, false)) {
      byte[] back = Pixels.rgb(decoder.decode(latents, 0, shape, false), 0, 1).orElseThrow();

      assertThat(meanDifference(back, drawing)).isLessThan(4);
      assertThat(meanSquare(latents.toFloats())).as("as the UNet knows them").isBetween(0.3, 2.0);
    }
  }

  /** A disc on a plain background in the model's red and white: side x side x 3 bytes. */
  private static byte[] disc(int side) {
    byte[] rgb = new byte[3 * side * side];
    for (int i = 0; i < side * side; i++) {
      boolean isInside =
          Math.hypot(i % side - side / 2.0, Math.floorDiv(i, side) - side / 2.0) < side / 4.0;
      int[] colour = isInside ? new int[] {205, 40, 45} : new int[] {238, 238, 238};
      for (int channel = 0; channel < 3; channel++) {
        rgb[3 * i + channel] = (byte) colour[channel];
      }
    }
    return rgb;
  }

  private static double meanDifference(byte[] left, byte[] right) {
    return IntStream.range(0, left.length)
        .map(i -> Math.abs((left[i] & 0xFF) - (right[i] & 0xFF)))
        .average()
        .orElseThrow();
  }

  private static double meanSquare(float[] values) {
    return IntStream.range(0, values.length)
        .mapToDouble(i -> values[i] * values[i])
        .average()
        .orElseThrow();
  }

  private static float[] moments(String folder, String call, Target target) {
    long[] shape = NUMBERS.shape(call + "/images");
    Graph graph =
        target.apply(
            new AutoencoderKlEncoder(config(ReferenceModels.folder(folder)))
                .record(target.dtype(), shape[0], shape[2], shape[3]));
    try (WeightDictionary weights = weights(ReferenceModels.folder(folder), graph, target.dtype());
        CompiledGraph encoder = CompiledGraph.compile(graph, weights);
        DeviceTensor images = device.floats(NUMBERS.floats(call + "/images"), shape);
        DeviceTensor moments = encoder.run(images)) {
      return moments.toFloats();
    }
  }

  private static float[] latents(String folder, byte[] rgb, long[] shape, boolean inTiles) {
    return latents(folder, rgb, shape, noise(shape, 0), inTiles);
  }

  private static float[] latents(
      String folder, byte[] rgb, long[] shape, float[] noise, boolean inTiles) {
    try (ImageEncoder encoder = encoder(ReferenceModels.folder(folder));
        DeviceTensor images = encoder.images(rgb, batch(shape));
        DeviceTensor drawn = device.floats(noise, shape);
        DeviceTensor latents = encoder.encode(images, drawn, batch(shape), inTiles)) {
      assertThat(latents.shape().sizes()).isEqualTo(shape);
      return latents.toFloats();
    }
  }

  /** Image k's own, of seed {@code first + k}. */
  private static float[] noise(long[] shape, int first) {
    int count = Math.toIntExact(shape[1] * shape[2] * shape[3]);
    float[] noise = new float[Math.toIntExact(shape[0]) * count];
    for (int k = 0; k < shape[0]; k++) {
      System.arraycopy(new TorchGenerator(first + k).randn(count), 0, noise, k * count, count);
    }
    return noise;
  }

  private static BatchShape batch(long[] shape) {
    return new BatchShape(shape[0], shape[1], shape[2], shape[3], true, false);
  }

  private static ImageEncoder encoder(Path folder) {
    VaeEncoderConfig config = config(folder);
    Target target = device.target(Dtype.FLOAT32);
    Graph usual = target.apply(new AutoencoderKlEncoder(config).record(target.dtype(), 1, 64, 64));
    return new ImageEncoder(
        device, config, new WeightsOnDemand(() -> weights(folder, usual, target.dtype())), target);
  }

  private static VaeEncoderConfig config(Path folder) {
    return VaeEncoderConfig.read(folder.resolve("vae/config.json"));
  }

  private static WeightDictionary weights(Path folder, Graph graph, Dtype dtype) {
    return WeightDictionary.load(
        device,
        ModelFamily.STABLE_DIFFUSION.imageEncoderWeights(
            folder, WeightChoice.USUAL, graph.weights()),
        dtype,
        Packing.of(graph));
  }

  private static WeightDictionary decoderWeights(Path folder, VaeConfig config) {
    Graph graph =
        device
            .target(Dtype.FLOAT32)
            .apply(new AutoencoderKlDecoder(config).record(Dtype.FLOAT32, 1, 16, 16));
    return WeightDictionary.load(
        device,
        ModelFamily.STABLE_DIFFUSION.weights(
            folder, WeightChoice.USUAL, Component.VAE, graph.weights()),
        Dtype.FLOAT32,
        Packing.of(graph));
  }
}
