package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Dtype;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What Linux tells of this machine's processor; empty where it does not tell.
 *
 * @param vendor such as {@code GenuineIntel}
 * @param flags such as {@code avx512_bf16}
 */
public record Processor(String vendor, Set<String> flags) {

  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
  private static final String AMX = "amx_bf16";
  private static final String AVX512 = "avx512_bf16";

  /** Keeps a copy. */
  public Processor {
    flags = Set.copyOf(flags);
  }

  /** The processor that this JVM runs on. */
  public static Processor ofThisMachine() {
    return of(PROCESSORS);
  }

  /** Reads a file such as {@code /proc/cpuinfo}, of which the first processor counts. */
  static Processor of(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      Map<String, String> facts = new HashMap<>();
      lines
          .takeWhile(line -> !line.isBlank())
          .map(line -> line.split("\\s*:\\s*", 2))
          .filter(fact -> fact.length == 2)
          .forEach(fact -> facts.putIfAbsent(fact[0], fact[1].strip()));
      return new Processor(
          facts.getOrDefault("vendor_id", ""),
          Set.of(facts.getOrDefault("flags", "").split("\\s+")));
    } catch (IOException | UncheckedIOException e) {
      return new Processor("", Set.of());
    }
  }

  /** Whether it has matrix tiles for bfloat16. */
  public boolean hasTiles() {
    return flags.contains(AMX);
  }

  /**
   * The number format in which it multiplies matrices fastest. Without matrix tiles, Intel's
   * AVX-512 instructions for bfloat16 take 1.6 times the time of float32 (a Xeon's UNet), AMD's
   * half of it.
   */
  public Dtype fastest() {
    boolean isIntel = vendor.equals("GenuineIntel");
    return hasTiles() || (flags.contains(AVX512) && !isIntel) ? Dtype.BFLOAT16 : Dtype.FLOAT32;
  }

  /** Why {@link #fastest()} is so, for people. */
  public String reason() {
    if (hasTiles()) {
      return "it has matrix tiles, " + AMX;
    }
    if (!flags.contains(AVX512)) {
      return "it has no instructions for bfloat16";
    }
    return fastest() == Dtype.BFLOAT16
        ? "it has " + AVX512
        : "it has %s without matrix tiles, which is slower than float32 on Intel's"
            .formatted(AVX512);
  }
}
