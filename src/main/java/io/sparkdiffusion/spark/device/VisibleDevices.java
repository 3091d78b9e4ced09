package io.sparkdiffusion.spark.device;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * {@code CUDA_VISIBLE_DEVICES}: indices, or UUIDs of GPUs or MIG slices, which may be cut short
 * (CUDA C++ Programming Guide, CUDA Environment Variables).
 */
public record VisibleDevices(String setting) {

  private static final String UUID = "(?i)(GPU|MIG)-.+";

  private List<String> names() {
    return Arrays.stream(setting.split(",", -1)).map(String::strip).toList();
  }

  /** Where a device stands in the list, which is how {@code cuda:N} counts. */
  public OptionalInt position(String address) {
    List<String> names = names();
    return IntStream.range(0, names.size())
        .filter(i -> isSame(names.get(i), address.strip()))
        .findFirst();
  }

  private static boolean isSame(String name, String address) {
    if (!name.matches(UUID) || !address.matches(UUID)) {
      return name.equals(address);
    }
    String one = name.toLowerCase(Locale.ROOT);
    String other = address.toLowerCase(Locale.ROOT);
    return one.startsWith(other) || other.startsWith(one);
  }
}
