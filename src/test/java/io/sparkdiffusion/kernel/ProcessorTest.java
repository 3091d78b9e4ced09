package io.sparkdiffusion.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.graph.Dtype;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProcessorTest {

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "fpu avx512_bf16 amx_tile amx_bf16, true",
    "fpu avx512_bf16 amx_tile amx_int8, false",
    "fpu amx_bf16x, false",
    "fpu, false"
  })
  void readsTilesFromTheProcessorsFlags(String flags, boolean expected) throws IOException {
    assertThat(processor("GenuineIntel", flags).hasTiles()).isEqualTo(expected);
  }

  /** Measured: docs/benchmarks.md. */
  @ParameterizedTest
  @CsvSource({
    "GenuineIntel, avx512_bf16 amx_bf16, BFLOAT16, amx_bf16",
    "GenuineIntel, avx512_bf16, FLOAT32, without matrix tiles",
    "AuthenticAMD, avx512_bf16, BFLOAT16, it has avx512_bf16",
    "AuthenticAMD, avx2, FLOAT32, no instructions for bfloat16",
    "GenuineIntel, avx2, FLOAT32, no instructions for bfloat16"
  })
  void knowsWhichNumberFormatIsFast(String vendor, String flags, Dtype fastest, String reason)
      throws IOException {
    Processor processor = processor(vendor, flags);
    assertThat(processor.fastest()).isEqualTo(fastest);
    assertThat(processor.reason()).contains(reason);
  }

  @Test
  void knowsNothingWhereTheSystemDoesNotTell() {
    Processor unknown = Processor.of(folder.resolve("missing"));
    assertThat(unknown.hasTiles()).isFalse();
    assertThat(unknown.fastest()).isEqualTo(Dtype.FLOAT32);
  }

  private Processor processor(String vendor, String flags) throws IOException {
    Path file = folder.resolve("cpuinfo");
    String first =
        "processor\t: 0\nvendor_id\t: %s\nmodel name\t: with amx_bf16\nflags\t\t: %s\nbugs\t\t: amx_bf16\n";
    Files.writeString(
        file, first.formatted(vendor, flags) + "\nprocessor\t: 1\nflags\t\t: amx_bf16\n");
    return Processor.of(file);
  }
}
