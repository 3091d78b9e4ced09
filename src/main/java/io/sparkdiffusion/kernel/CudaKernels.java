package io.sparkdiffusion.kernel;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What of a GPU's kernels can be chosen. {@link #USUAL} has what reasoning says (docs/gpu.md); part
 * F of {@code tools/gpu} measures the others beside it. None changes what is computed, each may
 * change its last bits.
 *
 * @param groupNorm how group norms are computed
 * @param fuser whether libtorch's compiler (NNC) makes kernels of its own for what lies between
 * @param shortcut what adds a resnet's 1x1 shortcut
 * @param attention who computes attention
 * @param deterministic whether cuDNN takes only algorithms that give the same bytes each time
 */
public record CudaKernels(
    GroupNorm groupNorm,
    Switch fuser,
    Shortcut shortcut,
    AttentionKernel attention,
    Switch deterministic) {

  /** What is taken where nobody chooses. */
  public static final CudaKernels USUAL =
      new CudaKernels(
          GroupNorm.ATEN, Switch.OFF, Shortcut.CONVOLUTION, AttentionKernel.LIBTORCH, Switch.ON);

  /** The system property that chooses others on an executor. */
  public static final String PROPERTY = "sparkdiffusion.cuda";

  /** How a group norm over pixels with their channels last is computed. */
  public enum GroupNorm {
    /** ATen's operator, which turns them to channels first and leaves them so. */
    ATEN,
    /** Moments of the pixels as they lie, then plain operators that a compiler can join. */
    MOMENTS,
    /** ATen's operator over images whose channels are first everywhere. */
    CHANNELS_FIRST
  }

  /** Whether something is done. */
  public enum Switch {
    ON,
    OFF
  }

  /** What a resnet's shortcut is added by. */
  public enum Shortcut {
    /** A convolution with its bias, and a sum. */
    CONVOLUTION,
    /** A matrix product that is added to the last convolution, both biases in that. */
    PRODUCT
  }

  /** Who computes attention. */
  public enum AttentionKernel {
    /** Whom libtorch chooses. */
    LIBTORCH(Long.MAX_VALUE),
    /** FlashAttention-2, for 16 bits and heads of up to 256. */
    FLASH(256),
    /** xFormers' kernels. */
    EFFICIENT(Long.MAX_VALUE),
    /** cuDNN's, for 16 bits and heads of up to 128. */
    CUDNN(128),
    /** Two products and a softmax, with all scores in memory. */
    MATH(Long.MAX_VALUE);

    private final long mostChannels;

    AttentionKernel(long mostChannels) {
      this.mostChannels = mostChannels;
    }

    /** Whether it can compute heads of so many channels; others are left to libtorch. */
    boolean takes(long channels) {
      return channels <= mostChannels;
    }
  }

  /**
   * Reads a choice.
   *
   * @param text such as {@code group_norm=moments,fuser=on}; what it does not name is as usual
   * @throws IllegalArgumentException for another name or value
   */
  public static CudaKernels parse(String text) {
    Map<String, String> given = new LinkedHashMap<>();
    for (String part : text.isBlank() ? List.<String>of() : List.of(text.split(","))) {
      String[] sides = part.strip().split("=", 2);
      given.put(sides[0], sides.length == 2 ? sides[1] : "");
    }
    CudaKernels chosen =
        new CudaKernels(
            value(given, "group_norm", USUAL.groupNorm),
            value(given, "fuser", USUAL.fuser),
            value(given, "shortcut", USUAL.shortcut),
            value(given, "attention", USUAL.attention),
            value(given, "deterministic", USUAL.deterministic));
    if (!given.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot choose kernels: a key must be one of %s (%s)"
              .formatted(String.join(", ", USUAL.values().keySet()), given.keySet()));
    }
    return chosen;
  }

  /** What this process is told; the usual where it is told nothing. */
  public static CudaKernels ofThisProcess() {
    return parse(System.getProperty(PROPERTY, ""));
  }

  private static <E extends Enum<E>> E value(Map<String, String> given, String key, E usual) {
    String text = given.remove(key);
    if (text == null) {
      return usual;
    }
    E[] all = usual.getDeclaringClass().getEnumConstants();
    return Arrays.stream(all)
        .filter(value -> word(value).equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Cannot choose kernels: %s must be one of %s (%s)"
                        .formatted(key, words(all, CudaKernels::word), text)));
  }

  private static <E> String words(E[] all, Function<E, String> word) {
    return Arrays.stream(all).map(word).collect(Collectors.joining(", "));
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private Map<String, Enum<?>> values() {
    Map<String, Enum<?>> values = new LinkedHashMap<>();
    values.put("group_norm", groupNorm);
    values.put("fuser", fuser);
    values.put("shortcut", shortcut);
    values.put("attention", attention);
    values.put("deterministic", deterministic);
    return values;
  }

  /** What differs from the usual, as it is read; empty where nothing does. */
  @Override
  public String toString() {
    return values().entrySet().stream()
        .filter(one -> one.getValue() != USUAL.values().get(one.getKey()))
        .map(one -> one.getKey() + "=" + word(one.getValue()))
        .collect(Collectors.joining(","));
  }
}
