package io.sparkdiffusion.graph;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LackOfMemoryTest {

  /** Seen from the CPU's allocator and from oneDNN where a process may take little more. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "[enforce fail at alloc_cpu.cpp:119] err == 0. DefaultCPUAllocator: can't allocate memory",
        "RuntimeError: could not create a primitive",
        "CUDA out of memory. Tried to allocate 2.00 GiB."
      })
  void isSaidByAllocatorsAndByOneDnn(String text) {
    assertThat(LackOfMemory.isSaidBy(text)).isTrue();
  }

  @Test
  void isNotSaidByAnUnknownOperator() {
    assertThat(LackOfMemory.isSaidBy("Unknown builtin op: torch.no_such_operator")).isFalse();
  }
}
