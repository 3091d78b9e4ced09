package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.torch.OutOfDeviceMemoryException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A VAE whose image number i is one byte, i, and that flag which says that it is finite. */
class DecodingTest {

  private static final BatchShape FOUR = new BatchShape(4, 1, 1, 1, true, true);

  private final List<BatchShape> calls = new ArrayList<>();
  private final byte[] finite = {1, 1, 1, 1};
  private int freed;

  @Test
  void aCpuDecodesABatchTogether() {
    List<Decoded> decoded = decoding(false).decode(this::numbers, FOUR, 3);

    assertThat(values(decoded)).containsExactly(0, 1, 2);
    assertThat(calls).containsExactly(FOUR.plain());
  }

  /** What fills the batch up is not decoded. */
  @Test
  void aGpuDecodesImageByImage() {
    List<Decoded> decoded = decoding(true).decode(this::numbers, FOUR, 3);

    assertThat(values(decoded)).containsExactly(0, 1, 2);
    assertThat(calls).hasSize(3).containsOnly(new BatchShape(1, 1, 1, 1, false, false));
    assertThat(freed).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anImageThatIsNotFiniteIsOne(boolean oneByOne) {
    finite[2] = 0;
    List<Decoded> decoded = decoding(oneByOne).decode(this::numbers, FOUR, 4);

    assertThat(decoded.get(2)).isEqualTo(new Decoded.NotFinite());
    assertThat(values(List.of(decoded.get(0), decoded.get(1), decoded.get(3))))
        .containsExactly(0, 1, 3);
  }

  @Test
  void triesAgainWhereTheUnetHasLeftNoMemory() {
    List<Decoded> decoded =
        decoding(true)
            .decode(
                (first, shape) -> {
                  if (freed == 0) {
                    throw new OutOfDeviceMemoryException("cuda:0", null);
                  }
                  return numbers(first, shape);
                },
                FOUR,
                4);

    assertThat(values(decoded)).containsExactly(0, 1, 2, 3);
    assertThat(freed).isEqualTo(1);
  }

  /** The steps of the others are not taken again. */
  @Test
  void oneImageThatCannotBeDecodedIsOne() {
    List<Decoded> decoded =
        decoding(true)
            .decode(
                (first, shape) -> {
                  if (first == 1) {
                    throw new OutOfDeviceMemoryException(
                        "cuda:0", new IllegalStateException("CUDA out of memory. Tried"));
                  }
                  return numbers(first, shape);
                },
                FOUR,
                4);

    assertThat(decoded.get(1)).isEqualTo(new Decoded.TooLarge("CUDA out of memory. Tried"));
    assertThat(values(List.of(decoded.get(0), decoded.get(2), decoded.get(3))))
        .containsExactly(0, 2, 3);
  }

  private Decoding decoding(boolean oneByOne) {
    return new Decoding(() -> freed++, oneByOne);
  }

  private byte[] numbers(int first, BatchShape shape) {
    calls.add(shape);
    int batch = Math.toIntExact(shape.batch());
    byte[] all = new byte[2 * batch];
    for (int i = 0; i < batch; i++) {
      all[2 * i] = (byte) (first + i);
      all[2 * i + 1] = finite[first + i];
    }
    return all;
  }

  private static Stream<Integer> values(List<Decoded> decoded) {
    return decoded.stream().map(Decoded.Image.class::cast).map(image -> (int) image.rgb()[0]);
  }
}
