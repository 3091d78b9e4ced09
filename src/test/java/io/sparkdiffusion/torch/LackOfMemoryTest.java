package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LackOfMemoryTest {

  /** The CPU's and CUDA's. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory",
        "CUDA out of memory. Tried to allocate 2.00 GiB."
      })
  void isSaidByAllocators(String text) {
    assertThat(LackOfMemory.isSaidBy(text)).isTrue();
  }

  @Test
  void isNotSaidByAnUnknownOperator() {
    assertThat(LackOfMemory.isSaidBy("Unknown builtin op: torch.no_such_operator")).isFalse();
  }
}
