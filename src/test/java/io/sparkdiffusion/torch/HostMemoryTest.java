package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class HostMemoryTest {

  private final HostMemory memory = new HostMemory();

  @Test
  void memoryThatIsInUseIsNotGivenAgain() {
    ByteBuffer first = memory.take(12);

    assertThat(memory.take(12)).isNotSameAs(first);
  }

  @Test
  void memoryThatWasGivenBackIsUsedForTheSameSizeOnly() {
    ByteBuffer first = memory.take(12);
    memory.giveBack(first);

    assertThat(memory.take(16)).isNotSameAs(first);
    assertThat(memory.take(12)).isSameAs(first);
  }

  @Test
  void sizesThatAreNotAskedForAnyMoreAreForgotten() {
    ByteBuffer first = memory.take(1);
    memory.giveBack(first);
    for (int size = 2; size <= 100; size++) {
      memory.giveBack(memory.take(size));
    }

    assertThat(memory.take(1)).isNotSameAs(first);
  }

  @Test
  void inputsOfGraphsComeFromMemoryOfTheSameSizeThatWasClosed() {
    try (TorchDevice device = TorchDevice.open("cpu")) {
      device.floats(new float[] {1, 2}, 2).close();
      try (DeviceTensor second = device.floats(new float[] {3, 4}, 2);
          DeviceTensor third = device.floats(new float[] {5, 6}, 2)) {
        assertThat(second.toFloats()).containsExactly(3, 4);
        assertThat(third.toFloats()).containsExactly(5, 6);
      }
    }
  }
}
