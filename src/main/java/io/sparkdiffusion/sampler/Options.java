package io.sparkdiffusion.sampler;

import io.sparkdiffusion.util.ValueType;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * All settings of schedulers that change an image, each once; {@link Samplers} says who has which.
 */
final class Options {

  static final Option<Integer> NUM_TRAIN_TIMESTEPS =
      of("num_train_timesteps", ValueType.WHOLE_NUMBER, 1000);
  static final Option<Double> BETA_START = of("beta_start", ValueType.NUMBER, 0.0001);
  static final Option<Double> BETA_END = of("beta_end", ValueType.NUMBER, 0.02);
  static final Option<BetaSchedule> BETA_SCHEDULE =
      choice("beta_schedule", BetaSchedule.class, BetaSchedule.LINEAR);
  static final Option<PredictionType> PREDICTION_TYPE =
      choice("prediction_type", PredictionType.class, PredictionType.EPSILON);

  /** Of samplers to which clean latents as the UNet's output are unknown in diffusers. */
  static final Option<PredictionType> NO_SAMPLE =
      new Option<>(
          "prediction_type",
          new ValueType<>(
              "it must be one of epsilon, v_prediction",
              value ->
                  PREDICTION_TYPE
                      .type()
                      .reading()
                      .apply(value)
                      .filter(type -> type != PredictionType.SAMPLE)),
          PredictionType.EPSILON,
          ValueType::name);

  static final Option<TimestepSpacing> TIMESTEP_SPACING =
      choice("timestep_spacing", TimestepSpacing.class, TimestepSpacing.LINSPACE);
  static final Option<Boolean> RESCALE_BETAS_ZERO_SNR = flag("rescale_betas_zero_snr");
  static final Option<Boolean> SET_ALPHA_TO_ONE = flag("set_alpha_to_one");
  static final Option<Boolean> SKIP_PRK_STEPS = flag("skip_prk_steps");
  static final Option<Boolean> USE_KARRAS_SIGMAS = flag("use_karras_sigmas");
  static final Option<Boolean> USE_EXPONENTIAL_SIGMAS = flag("use_exponential_sigmas");
  static final Option<Boolean> USE_BETA_SIGMAS = flag("use_beta_sigmas");
  static final Option<FinalSigma> FINAL_SIGMAS_TYPE =
      choice("final_sigmas_type", FinalSigma.class, FinalSigma.ZERO);
  static final Option<Integer> SOLVER_ORDER =
      of(
          "solver_order",
          ValueType.numeric(
              "it must be from 1 to 3", n -> n == 1 || n == 2 || n == 3, Number::intValue),
          2);
  static final Option<Boolean> LOWER_ORDER_FINAL = flag("lower_order_final").usually(true);
  static final Option<Boolean> EULER_AT_FINAL = flag("euler_at_final");
  static final Option<Integer> ORIGINAL_INFERENCE_STEPS =
      of("original_inference_steps", ValueType.WHOLE_NUMBER, 50);
  static final Option<Double> TIMESTEP_SCALING = of("timestep_scaling", ValueType.NUMBER, 10.0);

  /** diffusers takes null for the usual one. */
  static final Option<String> VARIANCE_TYPE =
      of(
          "variance_type",
          new ValueType<>(
              "it must be one of fixed_small, fixed_large",
              value ->
                  value == null
                      ? Optional.of("fixed_small")
                      : ValueType.choice("fixed_small", "fixed_large").reading().apply(value)),
          "fixed_small");

  static final Option<String> ALGORITHM_TYPE =
      word(
          "algorithm_type",
          List.of("dpmsolver++", "dpmsolver", "sde-dpmsolver", "sde-dpmsolver++"),
          List.of("deis"));

  /** Of the singlestep solver. */
  static final Option<String> SINGLESTEP_TYPE =
      word(
          "algorithm_type",
          List.of("dpmsolver++", "dpmsolver", "sde-dpmsolver++"),
          List.of("deis"));

  static final Option<String> SOLVER_TYPE =
      word("solver_type", List.of("midpoint", "heun"), List.of("logrho", "bh1", "bh2"));

  /** Of UniPC. */
  static final Option<String> BH_TYPE =
      word("solver_type", List.of("bh2", "bh1"), List.of("midpoint", "heun", "logrho"));

  private static final ValueType<List<Double>> FALLING =
      new ValueType<>("it must be a list of falling numbers", Options::falling);

  /** Given ones, in the place of spaced ones. */
  static final Option<List<Double>> TIMESTEPS = of("timesteps", FALLING, List.of());

  /** Given noise levels, the last one that of the result. */
  static final Option<List<Double>> SIGMAS = of("sigmas", FALLING, List.of());

  private Options() {}

  /**
   * A setting that has one supported value, absent or not; the configuration does not tell it.
   *
   * @param supported {@code null} for JSON's
   */
  static Option<Object> only(String name, Object supported) {
    ValueType<Object> type =
        supported != null
            ? ValueType.only(supported)
            : new ValueType<>(
                "only null is supported",
                value -> value == null ? Optional.of("null") : Optional.empty());
    return new Option<>(name, type, "", value -> "");
  }

  /** A setting of which some words are not supported and the others change nothing. */
  static Option<String> without(String name, String... refused) {
    return new Option<>(
        name,
        new ValueType<>(
            "it must not be one of " + String.join(", ", refused),
            value ->
                Optional.of(String.valueOf(value))
                    .filter(word -> !List.of(refused).contains(word))),
        "",
        value -> "");
  }

  private static <T> Option<T> of(String name, ValueType<T> type, T usual) {
    return new Option<>(name, type, usual, value -> value);
  }

  private static Option<Boolean> flag(String name) {
    return of(name, ValueType.FLAG, false);
  }

  private static <E extends Enum<E>> Option<E> choice(String name, Class<E> type, E usual) {
    return new Option<>(name, ValueType.choice(type), usual, ValueType::name);
  }

  /**
   * One of these, the first as a rule.
   *
   * @param foreign what other samplers have there; diffusers takes the usual one for it
   */
  private static Option<String> word(String name, List<String> known, List<String> foreign) {
    ValueType<String> own = ValueType.choice(known.toArray(new String[0]));
    return of(
        name,
        new ValueType<>(
            own.rule(),
            value ->
                value instanceof String word && foreign.contains(word)
                    ? Optional.of(known.get(0))
                    : own.reading().apply(value)),
        known.get(0));
  }

  private static Optional<List<Double>> falling(Object value) {
    if (!(value instanceof List<?> list) || !list.stream().allMatch(Number.class::isInstance)) {
      return Optional.empty();
    }
    List<Double> numbers = list.stream().map(n -> ((Number) n).doubleValue()).toList();
    return Optional.of(numbers)
        .filter(all -> all.stream().allMatch(n -> n >= 0 && Double.isFinite(n)))
        .filter(all -> IntStream.range(1, all.size()).allMatch(i -> all.get(i) < all.get(i - 1)));
  }
}
