package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.BatchSize;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.kernel.LiveMemory;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.VaeConfig;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Stable Diffusion 2.1 on GPUs of which the memory is known. */
class BatchFitTest {

  private static final Path CONFIGS = Path.of("tools/gpu/real-size");

  /** What CUDA's context takes, some 0.5 GiB. */
  private static final long CONTEXT_BYTES = 512L << 20;

  /** MiB as nvidia-smi shows them, the format that the GPU takes by itself, and image sides. */
  @ParameterizedTest
  @CsvSource({
    "Tesla P100, 16384, FLOAT32, 16, 16, 8, 2",
    "Tesla T4, 15360, FLOAT16, 16, 16, 16, 4",
    "Tesla V100, 16384, FLOAT16, 16, 16, 16, 8",
    "NVIDIA A10, 23028, BFLOAT16, 16, 16, 16, 8",
    "NVIDIA A100, 81920, BFLOAT16, 16, 16, 16, 16",
    "NVIDIA H100, 81559, BFLOAT16, 16, 16, 16, 16",
    "NVIDIA B200, 183359, BFLOAT16, 16, 16, 16, 16",
    "none, 0, FLOAT32, 1, 1, 1, 1"
  })
  void takesWhatFits(
      String name, long totalMib, Dtype dtype, int at512, int at768, int at1024, int at2048) {
    long free = (totalMib << 20) - CONTEXT_BYTES - weightBytes(dtype);
    assertThat(
            Stream.of(64, 96, 128, 256)
                .map(side -> BatchFit.images(free, imageBytes(dtype, side)))
                .map(images -> Math.min(images, BatchSize.MOST)))
        .as("%s, %s MiB for one image", name, imageBytes(dtype, 64) >> 20)
        .containsExactly(at512, at768, at1024, at2048);
  }

  @Test
  void isAPowerOfTwo() {
    long image = 1 << 20;
    assertThat(BatchFit.images(BatchFit.WORKSPACE_BYTES + 10 * image, image)).isEqualTo(8);
    assertThat(BatchFit.images(BatchFit.WORKSPACE_BYTES + 9 * image, image)).isEqualTo(4);
    assertThat(BatchFit.images(image, image)).isEqualTo(1);
  }

  /** What docs/gpu.md says of images in a piece, in MiB. */
  @ParameterizedTest
  @CsvSource({
    "FLOAT16, 64, 448",
    "FLOAT16, 128, 1792",
    "FLOAT16, 256, 7168",
    "FLOAT32, 256, 14336"
  })
  void decodingTakesFourTimesAsMuchForEachDoubling(Dtype dtype, long side, long mib) {
    Graph vae =
        new AutoencoderKlDecoder(VaeConfig.read(CONFIGS.resolve("vae/config.json")))
            .record(dtype, 1, side, side);
    assertThat(LiveMemory.peakBytes(Target.cuda(dtype).apply(vae), dtype) >> 20).isEqualTo(mib);
  }

  private static long imageBytes(Dtype dtype, long side) {
    Graph unet =
        new Unet2dConditionModel(UnetConfig.read(CONFIGS.resolve("unet/config.json")))
            .record(dtype, 1, 2, side, side, 77);
    return LiveMemory.peakBytes(Target.cuda(dtype).apply(unet), dtype);
  }

  private static long weightBytes(Dtype dtype) {
    UnetConfig unet = UnetConfig.read(CONFIGS.resolve("unet/config.json"));
    TextConfig text = TextConfig.read(CONFIGS.resolve("text_encoder/config.json"));
    VaeConfig vae = VaeConfig.read(CONFIGS.resolve("vae/config.json"));
    long weights =
        Stream.of(
                new Unet2dConditionModel(unet).record(dtype, 1, 1, 1, 1, 1),
                new ClipTextModel(text).record(),
                new AutoencoderKlDecoder(vae).record(dtype, 1, 1, 1))
            .flatMap(graph -> graph.weights().values().stream())
            .mapToLong(shape -> shape.count())
            .sum();
    return weights * dtype.bytes();
  }
}
