package io.sparkdiffusion.sampler;

import static io.sparkdiffusion.sampler.Options.ALGORITHM_TYPE;
import static io.sparkdiffusion.sampler.Options.BETA_END;
import static io.sparkdiffusion.sampler.Options.BETA_SCHEDULE;
import static io.sparkdiffusion.sampler.Options.BETA_START;
import static io.sparkdiffusion.sampler.Options.BH_TYPE;
import static io.sparkdiffusion.sampler.Options.EULER_AT_FINAL;
import static io.sparkdiffusion.sampler.Options.FINAL_SIGMAS_TYPE;
import static io.sparkdiffusion.sampler.Options.LOWER_ORDER_FINAL;
import static io.sparkdiffusion.sampler.Options.NO_SAMPLE;
import static io.sparkdiffusion.sampler.Options.NUM_TRAIN_TIMESTEPS;
import static io.sparkdiffusion.sampler.Options.ORIGINAL_INFERENCE_STEPS;
import static io.sparkdiffusion.sampler.Options.PREDICTION_TYPE;
import static io.sparkdiffusion.sampler.Options.RESCALE_BETAS_ZERO_SNR;
import static io.sparkdiffusion.sampler.Options.SET_ALPHA_TO_ONE;
import static io.sparkdiffusion.sampler.Options.SIGMAS;
import static io.sparkdiffusion.sampler.Options.SINGLESTEP_TYPE;
import static io.sparkdiffusion.sampler.Options.SKIP_PRK_STEPS;
import static io.sparkdiffusion.sampler.Options.SOLVER_ORDER;
import static io.sparkdiffusion.sampler.Options.SOLVER_TYPE;
import static io.sparkdiffusion.sampler.Options.TIMESTEPS;
import static io.sparkdiffusion.sampler.Options.TIMESTEP_SCALING;
import static io.sparkdiffusion.sampler.Options.TIMESTEP_SPACING;
import static io.sparkdiffusion.sampler.Options.USE_BETA_SIGMAS;
import static io.sparkdiffusion.sampler.Options.USE_EXPONENTIAL_SIGMAS;
import static io.sparkdiffusion.sampler.Options.USE_KARRAS_SIGMAS;
import static io.sparkdiffusion.sampler.Options.VARIANCE_TYPE;
import static io.sparkdiffusion.sampler.Options.only;
import static io.sparkdiffusion.sampler.Options.without;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Every sampler, said once: a new one is a file of arithmetic and a line here. */
public final class Samplers {

  /** What the model's folder says, in the place of a sampler's name. */
  public static final String MODEL = "model";

  private static final List<Option<?>> TRAINED =
      List.of(
          NUM_TRAIN_TIMESTEPS, BETA_START, BETA_END, BETA_SCHEDULE, only("thresholding", false));
  private static final List<Option<?>> TRAINED_SD =
      List.of(
          NUM_TRAIN_TIMESTEPS,
          BETA_START.usually(0.00085),
          BETA_END.usually(0.012),
          BETA_SCHEDULE,
          only("thresholding", false));
  private static final List<Option<?>> SPACED =
      List.of(USE_KARRAS_SIGMAS, USE_EXPONENTIAL_SIGMAS, USE_BETA_SIGMAS);
  private static final List<Option<?>> NO_FLOW =
      List.of(only("use_flow_sigmas", false), only("use_dynamic_shifting", false));
  private static final List<Option<?>> NO_LEARNED =
      List.of(
          only("use_lu_lambdas", false),
          only("lambda_min_clipped", Double.NEGATIVE_INFINITY),
          without("variance_type", "learned", "learned_range"));
  private static final List<Option<?>> NO_EDM =
      List.of(
          only("interpolation_type", "linear"),
          only("timestep_type", "discrete"),
          only("sigma_min", null),
          only("sigma_max", null));
  private static final List<Option<?>> DISTILLED =
      List.of(
          PREDICTION_TYPE,
          RESCALE_BETAS_ZERO_SNR,
          ORIGINAL_INFERENCE_STEPS,
          TIMESTEPS,
          BETA_SCHEDULE.usually(BetaSchedule.SCALED_LINEAR));

  private static final Option<TimestepSpacing> LEADING =
      TIMESTEP_SPACING.usually(TimestepSpacing.LEADING);

  private static final List<Option<?>> SOLVER =
      List.of(PREDICTION_TYPE, SOLVER_ORDER, LOWER_ORDER_FINAL);
  private static final List<Option<?>> MULTISTEP =
      all(
          TRAINED,
          SPACED,
          SOLVER,
          NO_FLOW,
          NO_LEARNED,
          List.of(
              TIMESTEP_SPACING,
              RESCALE_BETAS_ZERO_SNR,
              FINAL_SIGMAS_TYPE,
              ALGORITHM_TYPE,
              SOLVER_TYPE,
              EULER_AT_FINAL,
              TIMESTEPS));

  /** The sampler where nobody says one, as the field's first pages have it. */
  public static final Sampler DDIM =
      Sampler.of(
              "ddim",
              "DDIM",
              "DDIMScheduler",
              Ddim::schedule,
              all(
                  TRAINED,
                  List.of(
                      PREDICTION_TYPE,
                      LEADING,
                      RESCALE_BETAS_ZERO_SNR,
                      SET_ALPHA_TO_ONE.usually(true))))
          .withEta();

  /** All of them. */
  public static final List<Sampler> ALL =
      List.of(
          DDIM,
          Sampler.of(
              "ddpm",
              "DDPM",
              "DDPMScheduler",
              Ddpm::schedule,
              all(
                  TRAINED,
                  List.of(
                      PREDICTION_TYPE, LEADING, RESCALE_BETAS_ZERO_SNR, VARIANCE_TYPE, TIMESTEPS))),
          Sampler.of(
              "pndm",
              "PNDM",
              "PNDMScheduler",
              Pndm::schedule,
              all(TRAINED, List.of(NO_SAMPLE, LEADING, SET_ALPHA_TO_ONE, SKIP_PRK_STEPS))),
          Sampler.of(
              "euler",
              "Euler",
              "EulerDiscreteScheduler",
              Euler::schedule,
              all(
                  TRAINED,
                  SPACED,
                  NO_EDM,
                  List.of(
                      PREDICTION_TYPE,
                      TIMESTEP_SPACING,
                      RESCALE_BETAS_ZERO_SNR,
                      FINAL_SIGMAS_TYPE,
                      TIMESTEPS,
                      SIGMAS))),
          Sampler.of(
              "euler_a",
              "Euler a",
              "EulerAncestralDiscreteScheduler",
              EulerAncestral::schedule,
              all(TRAINED, List.of(NO_SAMPLE, TIMESTEP_SPACING, RESCALE_BETAS_ZERO_SNR))),
          Sampler.of(
              "heun",
              "Heun",
              "HeunDiscreteScheduler",
              Heun::schedule,
              all(TRAINED_SD, SPACED, List.of(PREDICTION_TYPE, TIMESTEP_SPACING, TIMESTEPS))),
          Sampler.of(
              "lms",
              "LMS",
              "LMSDiscreteScheduler",
              LinearMultistep::schedule,
              all(TRAINED, SPACED, List.of(PREDICTION_TYPE, TIMESTEP_SPACING))),
          Sampler.of(
              "dpm2",
              "DPM2",
              "KDPM2DiscreteScheduler",
              Dpm2::schedule,
              all(TRAINED_SD, SPACED, List.of(NO_SAMPLE, TIMESTEP_SPACING))),
          Sampler.of(
              "dpm2_a",
              "DPM2 a",
              "KDPM2AncestralDiscreteScheduler",
              Dpm2Ancestral::schedule,
              all(TRAINED_SD, SPACED, List.of(NO_SAMPLE, TIMESTEP_SPACING))),
          Sampler.of(
              "dpm++_2m",
              "DPM++ 2M",
              "DPMSolverMultistepScheduler",
              DpmSolverMultistep::schedule,
              MULTISTEP),
          Sampler.of(
                  "dpm++_2m_sde",
                  "DPM++ 2M SDE",
                  "DPMSolverMultistepScheduler",
                  DpmSolverMultistep::schedule,
                  MULTISTEP)
              .with(ALGORITHM_TYPE, "sde-dpmsolver++"),
          Sampler.of(
              "dpm++_2s",
              "DPM++ 2S",
              "DPMSolverSinglestepScheduler",
              DpmSolverSinglestep::schedule,
              all(
                  TRAINED,
                  SPACED,
                  NO_FLOW,
                  NO_LEARNED,
                  List.of(
                      PREDICTION_TYPE,
                      FINAL_SIGMAS_TYPE,
                      SINGLESTEP_TYPE,
                      SOLVER_TYPE,
                      SOLVER_ORDER,
                      LOWER_ORDER_FINAL.usually(false),
                      TIMESTEPS))),
          Sampler.of(
              "unipc",
              "UniPC",
              "UniPCMultistepScheduler",
              UniPc::schedule,
              all(
                  TRAINED,
                  SPACED,
                  SOLVER,
                  NO_FLOW,
                  List.of(
                      TIMESTEP_SPACING,
                      RESCALE_BETAS_ZERO_SNR,
                      FINAL_SIGMAS_TYPE,
                      BH_TYPE,
                      only("predict_x0", true),
                      only("disable_corrector", List.of()),
                      only("solver_p", null),
                      only("sigma_min", null),
                      only("sigma_max", null)))),
          Sampler.of(
              "deis",
              "DEIS",
              "DEISMultistepScheduler",
              Deis::schedule,
              all(TRAINED, SPACED, SOLVER, NO_FLOW, List.of(TIMESTEP_SPACING))),
          Sampler.of(
              "lcm",
              "LCM",
              "LCMScheduler",
              Lcm::schedule,
              all(TRAINED_SD, DISTILLED, List.of(TIMESTEP_SCALING))),
          Sampler.of("tcd", "TCD", "TCDScheduler", Tcd::schedule, all(TRAINED_SD, DISTILLED))
              .withEta());

  /** The words that choose one. */
  public static final List<String> NAMES =
      Stream.concat(ALL.stream().map(Sampler::name), Stream.of(MODEL)).toList();

  private Samplers() {}

  /** The one of this name, or with this name in diffusers. */
  public static Optional<Sampler> named(String word) {
    return ALL.stream()
        .filter(sampler -> sampler.name().equals(word) || sampler.diffusersClass().equals(word))
        .findFirst();
  }

  /** What web UIs call the sampler of this name. */
  public static String label(String name) {
    return named(name).map(Sampler::label).orElse(name.toUpperCase(Locale.ROOT));
  }

  /** The name of the sampler that web UIs call so; in any case, with spaces or not. */
  public static String ofLabel(String label) {
    return label.toLowerCase(Locale.ROOT).replace(' ', '_');
  }

  /** The one that a {@code scheduler_config.json} names; Flax's are the same. */
  static Optional<Sampler> ofModel(Map<String, Object> json) {
    return json.get("_class_name") instanceof String name
        ? named(name.replaceFirst("^Flax", ""))
        : Optional.empty();
  }

  @SafeVarargs
  private static List<Option<?>> all(List<Option<?>>... lists) {
    List<Option<?>> all = new ArrayList<>();
    for (List<Option<?>> list : lists) {
      all.addAll(list);
    }
    return all;
  }
}
