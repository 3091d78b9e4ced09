package io.sparkdiffusion.bench;

import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.kernel.CudaKernels;
import io.sparkdiffusion.pipeline.BatchShape;
import io.sparkdiffusion.sampler.Schedule;
import io.sparkdiffusion.sampler.SchedulerConfig;
import io.sparkdiffusion.sampler.Step;
import io.sparkdiffusion.text.ClipTokenizer;
import io.sparkdiffusion.torch.GraphArchive;
import io.sparkdiffusion.weights.TensorFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * Writes the graphs that the job gives a GPU, for {@code tools/gpu}, which runs them under the
 * PyTorch of a machine that has one. It needs no GPU and no libtorch.
 */
public final class RecordGraphs {

  private static final String USAGE =
      "sizes OUTPUT MODEL BATCH..., choices OUTPUT MODEL BATCH, reference OUTPUT MODEL NUMBERS, or"
          + " dictionary OUTPUT";

  /** Kernels that a GPU may have in place of the usual ones, to be measured beside them. */
  private static final List<String> CHOICES =
      List.of(
          "group_norm=moments",
          "group_norm=moments,fuser=on",
          "group_norm=channels_first",
          "fuser=on",
          "shortcut=product",
          "attention=flash",
          "attention=efficient",
          "attention=cudnn",
          "attention=math",
          "deterministic=off",
          "group_norm=moments,fuser=on,shortcut=product");

  /** Of runs without a reference: few steps and many. */
  private static final List<Integer> STEPS = List.of(2, 5, 20, 50);

  private RecordGraphs() {}

  /** Records what the arguments name. */
  public static void main(String[] arguments) throws IOException {
    List<String> given = List.of(arguments);
    String kind = given.isEmpty() ? "" : given.get(0);
    if (kind.equals("sizes") && given.size() > 3) {
      List<Long> batches = given.subList(3, given.size()).stream().map(Long::valueOf).toList();
      sizes(Path.of(given.get(1)), Path.of(given.get(2)), batches);
    } else if (kind.equals("choices") && given.size() == 4) {
      choices(Path.of(given.get(1)), Path.of(given.get(2)), Long.parseLong(given.get(3)));
    } else if (kind.equals("reference") && given.size() == 4) {
      reference(Path.of(given.get(1)), Path.of(given.get(2)), Path.of(given.get(3)));
    } else if (kind.equals("dictionary") && given.size() == 2) {
      Files.write(Path.of(given.get(1)), GraphArchive.ofWeights());
    } else {
      throw new IllegalArgumentException(
          "Cannot record graphs: it takes %s (%s)".formatted(USAGE, given));
    }
  }

  /** A model at the size of its training, in batches of guided images. */
  static void sizes(Path output, Path model, List<Long> batches) throws IOException {
    GraphFolder graphs = new GraphFolder(output, model, CudaKernels.USUAL);
    graphs.text();
    graphs.decoder();
    for (long batch : batches) {
      graphs.batch(batch);
    }
    SchedulerConfig config = SchedulerConfig.of(scheduler(model), Map.of());
    List<Map<String, Object>> loops = new ArrayList<>();
    for (int steps : STEPS) {
      loops.add(schedule(steps + " steps", config.schedule(steps, 0)));
    }
    graphs.finish(loops);
  }

  /** A model's UNet and decoder by each choice of kernels, a folder for each. */
  static void choices(Path output, Path model, long batch) throws IOException {
    for (String choice : CHOICES) {
      GraphFolder graphs =
          new GraphFolder(output.resolve(choice), model, CudaKernels.parse(choice));
      graphs.choice(batch);
      graphs.finish(List.of());
    }
  }

  /**
   * A small model in all shapes for which diffusers' numbers are there.
   *
   * @param numbers {@code NAME.safetensors} for each model and {@code cases.json}, as {@code
   *     tools/reference} writes them
   */
  static void reference(Path output, Path model, Path numbers) throws IOException {
    Map<String, Object> cases = StrictJson.read(numbers.resolve("cases.json"));
    TensorFile stages = TensorFile.read(numbers.resolve(model.getFileName() + ".safetensors"));
    GraphFolder graphs = new GraphFolder(output, model, CudaKernels.USUAL);
    graphs.text();
    for (Object call : (List<?>) cases.get("unet_calls")) {
      long[] sample = stages.shape("unet/" + call + "/sample").sizes();
      graphs.unet(sample[0], sample[0], sample[2], sample[3]);
    }
    for (Object call : (List<?>) cases.get("vae_decodes")) {
      long[] latents = stages.shape("vae/" + call + "/latents").sizes();
      graphs.decoder(latents[0], latents[2], latents[3]);
    }
    List<Map<String, Object>> loops = new ArrayList<>();
    try (ClipTokenizer tokenizer =
        ClipTokenizer.load(model.resolve("tokenizer"), graphs.positions())) {
      for (Object one : (List<?>) cases.get("pipeline")) {
        Map<?, ?> loop = (Map<?, ?>) one;
        if (model.endsWith((String) loop.get("model"))) {
          loops.add(loop(graphs, loop, scheduler(model), tokenizer));
        }
      }
    }
    graphs.finish(loops);
  }

  private static Map<String, Object> loop(
      GraphFolder graphs, Map<?, ?> loop, Map<String, Object> scheduler, ClipTokenizer tokenizer)
      throws IOException {
    long batch = ((List<?>) loop.get("seeds")).size();
    long height = number(loop, "height").longValue() / graphs.compression();
    long width = number(loop, "width").longValue() / graphs.compression();
    boolean guided = number(loop, "guidance_scale").doubleValue() > 1;
    double eta = number(loop, "eta").doubleValue();
    graphs.unet(batch, guided ? 2 * batch : batch, height, width);
    graphs.vae(batch, height, width);
    graphs.step(new BatchShape(batch, graphs.latentChannels(), height, width, guided, eta > 0));
    SchedulerConfig config =
        SchedulerConfig.of(
            scheduler,
            Map.of(
                "timestep_spacing", given(loop, "timestep_spacing"),
                "rescale_betas_zero_snr", given(loop, "rescale_betas_zero_snr")));
    int steps = number(loop, "steps").intValue();
    Map<String, Object> planned =
        schedule((String) given(loop, "name"), config.schedule(steps, eta));
    planned.put("seeds", given(loop, "seeds"));
    planned.put("guided", guided);
    planned.put("guidance_scale", given(loop, "guidance_scale"));
    planned.put("guidance_rescale", given(loop, "guidance_rescale"));
    planned.put("prompt_ids", ids(tokenizer, (List<?>) given(loop, "prompts")));
    planned.put("negative_ids", ids(tokenizer, (List<?>) given(loop, "negative_prompts")));
    return planned;
  }

  /** Timesteps, and for each the coefficients of sample, prediction and noise. */
  private static Map<String, Object> schedule(String name, Schedule schedule) {
    List<Step> steps = schedule.steps();
    Map<String, Object> planned = new LinkedHashMap<>();
    planned.put("name", name);
    planned.put("timesteps", steps.stream().map(step -> (int) step.timestep()).toList());
    planned.put("coefficients", steps.stream().map(step -> step.matrix().get(0)).toList());
    return planned;
  }

  private static List<List<Long>> ids(ClipTokenizer tokenizer, List<?> texts) {
    return texts.stream()
        .map(text -> LongStream.of(tokenizer.encode((String) text).ids()).boxed().toList())
        .toList();
  }

  private static Number number(Map<?, ?> loop, String key) {
    return (Number) given(loop, key);
  }

  private static Object given(Map<?, ?> loop, String key) {
    Object value = loop.get(key);
    if (value == null) {
      throw new IllegalArgumentException(
          "Cannot record a run: cases.json must have its %s (%s)".formatted(key, loop.keySet()));
    }
    return value;
  }

  private static Map<String, Object> scheduler(Path model) {
    return StrictJson.read(model.resolve("scheduler/scheduler_config.json"));
  }
}
