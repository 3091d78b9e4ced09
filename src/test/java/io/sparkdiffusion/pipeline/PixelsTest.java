package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFamily;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.kernel.Packing;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.DeviceTensor;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import io.sparkdiffusion.util.ResourceStack;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.VaeConfig;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PixelsTest {

  private final ResourceStack open = new ResourceStack();
  private final TorchDevice device = open.push(TorchDevice.open("cpu"));

  @AfterEach
  void close() {
    open.close();
  }

  /** Half way between two bytes the even one, as numpy rounds; what is outside is cut off. */
  @Test
  void channelsStandTogetherAndAreRoundedHalfToEven() {
    // Two pixels in three channels.
    float[] image = {-1, 1, 0, 1 / 255f, -1.5f, 99};
    byte[] all = pixels(new float[] {0}, image, 1);

    assertThat(Pixels.rgb(all, 0, 1).orElseThrow()).isEqualTo(bytes(0, 128, 0, 255, 128, 255));
  }

  /** Each number that there is between two bytes, as Java makes a byte of it. */
  @Test
  void bytesAreThoseOfJavasArithmetic() {
    float[] image = new float[3 * 10_000];
    Random random = new Random(1);
    for (int i = 0; i < image.length; i++) {
      image[i] =
          i % 2 == 0 ? random.nextFloat() * 2.2f - 1.1f : (2 * random.nextInt(256) + 1) / 255f - 1;
    }
    byte[] rgb = Pixels.rgb(pixels(new float[] {0}, image, 1), 0, 1).orElseThrow();
    int plane = image.length / 3;
    for (int i = 0; i < image.length; i++) {
      float clamped = Math.min(Math.max(image[i] * 0.5f + 0.5f, 0), 1);
      assertThat(rgb[i % plane * 3 + i / plane])
          .as("%s", image[i])
          .isEqualTo((byte) (int) Math.rint(clamped * 255f));
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void anImageWithALatentOrAPixelThatIsNotFiniteIsNone(float value) {
    float[] latents = {1, 1, 1, 1, 1, 1, 1, value};
    float[] images = new float[4 * 6];
    images[6 + 5] = value;
    byte[] all = pixels(latents, images, 4);

    assertThat(Pixels.rgb(all, 0, 4).orElseThrow()).isEqualTo(bytes(128, 128, 128, 128, 128, 128));
    assertThat(Pixels.rgb(all, 1, 4)).isEmpty();
    assertThat(Pixels.rgb(all, 2, 4)).isPresent();
    assertThat(Pixels.rgb(all, 3, 4)).isEmpty();
  }

  /** One latent is NaN, others are so large that the VAE's numbers overflow. */
  @ParameterizedTest
  @ValueSource(strings = {"FLOAT32", "BFLOAT16"})
  void theOthersOfABatchKeepTheirs(Dtype dtype) {
    float[] good = new float[4 * 4 * 8 * 8];
    Random random = new Random(1);
    for (int i = 0; i < good.length; i++) {
      good[i] = (float) random.nextGaussian() / 5;
    }
    float[] bad = good.clone();
    int one = good.length / 4;
    bad[one + 7] = Float.NaN;
    Arrays.fill(bad, 2 * one, 3 * one, 1e38f);
    try (CompiledGraph decoder = decoder(dtype)) {
      byte[] expected = run(decoder, open.push(device.floats(good, 4, 4, 8, 8)));
      byte[] actual = run(decoder, open.push(device.floats(bad, 4, 4, 8, 8)));

      for (int i = 0; i < 4; i++) {
        assertThat(Pixels.rgb(expected, i, 4).orElseThrow()).hasSize(3 * 64 * 64);
        assertThat(Pixels.rgb(actual, i, 4).isPresent()).as("image %s", i).isEqualTo(i % 3 == 0);
      }
      for (int i : new int[] {0, 3}) {
        assertThat(Pixels.rgb(actual, i, 4).orElseThrow())
            .isEqualTo(Pixels.rgb(expected, i, 4).orElseThrow());
      }
    }
  }

  private CompiledGraph decoder(Dtype dtype) {
    Path folder = ReferenceModels.folder("base");
    AutoencoderKlDecoder vae =
        new AutoencoderKlDecoder(VaeConfig.read(folder.resolve("vae/config.json")));
    Graph graph =
        device
            .target(dtype)
            .apply(Pixels.record(vae, dtype, new BatchShape(4, 4, 8, 8, false, false)));
    WeightDictionary weights =
        open.push(
            WeightDictionary.load(
                device,
                ModelFamily.STABLE_DIFFUSION.weights(
                    folder, WeightChoice.USUAL, Component.VAE, graph.weights()),
                dtype,
                Packing.of(graph)));
    return CompiledGraph.compile(graph, weights);
  }

  /** Latents of any number and images of any width, one row high. */
  private byte[] pixels(float[] latents, float[] images, long batch) {
    Graph graph = new Graph("pixels");
    long[] small = {batch, latents.length / batch, 1, 1};
    long[] large = {batch, 3, 1, images.length / 3 / batch};
    graph.returns(Pixels.of(graph.input(small), graph.input(large)));
    try (CompiledGraph compiled = CompiledGraph.compile(graph, device)) {
      return run(
          compiled,
          open.push(device.floats(latents, small)),
          open.push(device.floats(images, large)));
    }
  }

  private static byte[] run(CompiledGraph graph, DeviceTensor... inputs) {
    try (DeviceTensor output = graph.run(inputs)) {
      return output.toBytes();
    }
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
