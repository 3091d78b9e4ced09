package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.kernel.LiveMemory;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.testing.PublishedFiles;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.Tiles;
import io.sparkdiffusion.vae.VaeConfig;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the published upscaling model takes of a GPU, from the shapes of its networks alone. */
class UpscaleMemoryTest {

  private static final long GPU_BYTES = 24_000_000_000L;
  private static final long TOKENS = 77;

  private final Path model = PublishedFiles.of("stable-diffusion-x4-upscaler");
  private final UnetConfig config = UnetConfig.read(model.resolve("unet/config.json"));
  private final VaeConfig vae = VaeConfig.read(model.resolve("vae/config.json"));
  private final Graph text =
      new ClipTextModel(TextConfig.read(model.resolve("text_encoder/config.json"))).record();

  /** All weights, and for one image with guidance the larger of UNet and VAE. */
  @ParameterizedTest
  @CsvSource({"512", "1024", "1536", "2048"})
  void imagesOfEverySizeFit24Gigabytes(int pixels) {
    for (Dtype dtype : List.of(Dtype.FLOAT16, Dtype.BFLOAT16, Dtype.FLOAT32)) {
      long bytes = weights(dtype) + Math.max(unet(dtype, pixels), decoder(pixels));
      System.out.printf("x4 upscaling to %s pixels in %s: %.1f GB%n", pixels, dtype, bytes / 1e9);
      assertThat(bytes + BatchFit.WORKSPACE_BYTES)
          .as("%s, %s", pixels, dtype)
          .isLessThan(GPU_BYTES);
    }
  }

  /** Why the UNet needs no tiles: its pixels see each other at the lowest level alone. */
  @ParameterizedTest
  @CsvSource({"512,256", "2048,4096"})
  void onlyTheLowestLevelAttendsToItself(int pixels, long mostKeys) {
    List<Long> keys =
        unet(Dtype.FLOAT32, pixels, 2).nodes().stream()
            .filter(node -> node.is(Op.ATTENTION))
            .map(UpscaleMemoryTest::keys)
            .distinct()
            .toList();

    assertThat(keys).containsExactlyInAnyOrder(TOKENS, mostKeys);
  }

  private static long keys(Node attention) {
    return attention.input(1).shape().size(2);
  }

  private long weights(Dtype dtype) {
    long numbers = count(text) + count(unet(dtype, 64, 1)) + count(decode(8));
    return numbers * dtype.bytes();
  }

  private static long count(Graph graph) {
    return graph.weights().values().stream().mapToLong(shape -> shape.count()).sum();
  }

  private long unet(Dtype dtype, int pixels) {
    return LiveMemory.peakBytes(Target.cuda(dtype).apply(unet(dtype, pixels, 2)), dtype);
  }

  private Graph unet(Dtype dtype, int pixels, long rows) {
    long side = pixels / vae.compression();
    return new Unet2dConditionModel(config).record(dtype, 1, rows, side, side, TOKENS);
  }

  /** In float32, as float16 has it; in tiles above 1024 pixels. */
  private long decoder(int pixels) {
    long side = pixels / vae.compression();
    Graph graph = decode(pixels > 1024 ? Tiles.ofDecoder(vae).inputs() : side);
    return LiveMemory.peakBytes(Target.cuda(Dtype.FLOAT32).apply(graph), Dtype.FLOAT32);
  }

  private Graph decode(long side) {
    return new AutoencoderKlDecoder(vae).record(Dtype.FLOAT32, 1, side, side);
  }
}
