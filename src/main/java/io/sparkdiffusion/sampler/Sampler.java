package io.sparkdiffusion.sampler;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A way from noise to latents: what it is called, which settings it has, and its arithmetic. */
public final class Sampler {

  private final String name;
  private final String label;
  private final String diffusersClass;
  private final Function<Run, Schedule> arithmetic;
  private final Map<String, Option<?>> options;
  private final boolean eta;
  private final Map<String, Object> preset;

  private Sampler(
      String name,
      String label,
      String diffusersClass,
      Function<Run, Schedule> arithmetic,
      Map<String, Option<?>> options,
      boolean eta,
      Map<String, Object> preset) {
    this.name = name;
    this.label = label;
    this.diffusersClass = diffusersClass;
    this.arithmetic = arithmetic;
    this.options = Collections.unmodifiableMap(options);
    this.eta = eta;
    this.preset = Map.copyOf(preset);
  }

  static Sampler of(
      String name,
      String label,
      String diffusersClass,
      Function<Run, Schedule> arithmetic,
      List<Option<?>> options) {
    Map<String, Option<?>> named = new LinkedHashMap<>();
    options.forEach(option -> named.put(option.name(), option));
    return new Sampler(name, label, diffusersClass, arithmetic, named, false, Map.of());
  }

  /** The same with a share of noise that a request decides. */
  Sampler withEta() {
    return new Sampler(name, label, diffusersClass, arithmetic, options, true, preset);
  }

  /** The same, whose name wins over what a model's folder has for a setting. */
  Sampler with(Option<?> option, Object value) {
    return new Sampler(
        name, label, diffusersClass, arithmetic, options, eta, Map.of(option.name(), value));
  }

  /** The word for it. */
  public String name() {
    return name;
  }

  /** What web UIs call it. */
  public String label() {
    return label;
  }

  /** What diffusers calls it. */
  public String diffusersClass() {
    return diffusersClass;
  }

  /** Whether a request's eta means something. */
  public boolean hasEta() {
    return eta;
  }

  Map<String, Object> preset() {
    return preset;
  }

  /** By name, in the order in which they are told. */
  Map<String, Option<?>> options() {
    return options;
  }

  Schedule schedule(Run run) {
    return arithmetic.apply(run);
  }

  @Override
  public String toString() {
    return name;
  }
}
