package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.pipeline.Decoding.Decoded;
import io.sparkdiffusion.torch.OutOfDeviceMemoryException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A VAE whose image is the latents, of one value each. */
class DecodingTest {

  private static final BatchShape FOUR = new BatchShape(4, 1, 1, 1, true, true);

  private final List<BatchShape> calls = new ArrayList<>();
  private int freed;

  @Test
  void aCpuDecodesABatchTogether() {
    List<Decoded> decoded =
        decoding(this::identity, false).decode(new float[] {1, 2, 3, 4}, FOUR, 3);

    assertThat(values(decoded)).containsExactly(1f, 2f, 3f);
    assertThat(calls).containsExactly(FOUR.plain());
  }

  /** What fills the batch up is not decoded. */
  @Test
  void aGpuDecodesImageByImage() {
    List<Decoded> decoded =
        decoding(this::identity, true).decode(new float[] {1, 2, 3, 4}, FOUR, 3);

    assertThat(values(decoded)).containsExactly(1f, 2f, 3f);
    assertThat(calls).hasSize(3).containsOnly(new BatchShape(1, 1, 1, 1, false, false));
    assertThat(freed).isZero();
  }

  @Test
  void triesAgainWhereTheUnetHasLeftNoMemory() {
    List<Decoded> decoded =
        decoding(
                (latents, shape) -> {
                  if (freed == 0) {
                    throw new OutOfDeviceMemoryException("cuda:0", null);
                  }
                  return identity(latents, shape);
                },
                true)
            .decode(new float[] {1, 2, 3, 4}, FOUR, 4);

    assertThat(values(decoded)).containsExactly(1f, 2f, 3f, 4f);
    assertThat(freed).isEqualTo(1);
  }

  /** The steps of the others are not taken again. */
  @Test
  void oneImageThatCannotBeDecodedIsOne() {
    List<Decoded> decoded =
        decoding(
                (latents, shape) -> {
                  if (latents[0] == 2) {
                    throw new OutOfDeviceMemoryException(
                        "cuda:0", new IllegalStateException("CUDA out of memory. Tried"));
                  }
                  return identity(latents, shape);
                },
                true)
            .decode(new float[] {1, 2, 3, 4}, FOUR, 4);

    assertThat(decoded.get(1)).isEqualTo(new Decoded.TooLarge("CUDA out of memory. Tried"));
    assertThat(values(List.of(decoded.get(0), decoded.get(2), decoded.get(3))))
        .containsExactly(1f, 3f, 4f);
  }

  private Decoding decoding(BiFunction<float[], BatchShape, float[]> vae, boolean oneByOne) {
    return new Decoding(vae, () -> freed++, oneByOne);
  }

  private float[] identity(float[] latents, BatchShape shape) {
    calls.add(shape);
    assertThat(latents).hasSize(Math.toIntExact(shape.batch()));
    return latents;
  }

  private static Stream<Float> values(List<Decoded> decoded) {
    return decoded.stream()
        .map(Decoded.Image.class::cast)
        .map(image -> image.images()[image.index()]);
  }
}
