package io.sparkdiffusion.spark.executor;

import static io.sparkdiffusion.request.VaeTiling.Large.TILED;
import static io.sparkdiffusion.request.VaeTiling.Large.WHOLE;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import io.sparkdiffusion.config.BatchSize;
import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.Precision;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.device.AutoFormat;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.torch.CudaDevice;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settles what a configuration leaves to the devices, once for a run and before its images are
 * planned: the number format is part of their hashes. In local mode the driver's devices are asked,
 * on a cluster those of all executors that are there; where they would not take the same, the run
 * is refused. Executors that come later compute in what was settled, or refuse it.
 */
public final class AutoSettings {

  private static final Logger LOG = LoggerFactory.getLogger(AutoSettings.class);

  /** Of Spark's job that asks. */
  private static final String GROUP = "spark-diffusion-devices";

  private AutoSettings() {}

  /**
   * Asks the devices where that is needed.
   *
   * @return the same with a number format, and a batch of one image where there is no GPU
   * @throws ProblemsException where a device cannot be had, or they would not take the same format
   */
  public static ExecutionConfig settle(
      SparkContext spark, GeneratorFactory generators, ExecutionConfig asked) {
    if (!asked.isOpen()) {
      return settle(List.of(asked.device().equals("cpu") ? Seen.CPU : Seen.ANY_GPU), asked);
    }
    List<Seen> devices =
        asked.device().equals("cpu")
            ? List.of(Seen.CPU)
            : spark.isLocal() ? ofDriver(spark, generators, asked) : of(spark, generators, asked);
    return settle(devices, asked);
  }

  /** By the devices, at least one. */
  static ExecutionConfig settle(List<Seen> devices, ExecutionConfig asked) {
    boolean isOnCpu = devices.stream().noneMatch(Seen::isGpu);
    Precision dtype = asked.askedDtype() == Precision.AUTO ? common(devices) : asked.askedDtype();
    BatchSize asBefore = asked.perDeviceBatchSize();
    boolean isOne = isOnCpu && asBefore instanceof BatchSize.Auto;
    ExecutionConfig settled =
        asked.settled(dtype, isOne ? new BatchSize.Fixed(1) : asBefore, isOnCpu ? WHOLE : TILED);
    if (!isOnCpu) {
      LOG.info(
          "Number format {}, batches of {} images, on {}",
          dtype.label(),
          asBefore instanceof BatchSize.Auto ? "up to " + BatchSize.MOST : asBefore,
          devices.stream().map(Seen::name).distinct().sorted().collect(joining(", ")));
    }
    return settled;
  }

  private static Precision common(List<Seen> devices) {
    Map<String, List<String>> byFormat =
        devices.stream()
            .collect(
                groupingBy(
                    seen -> seen.format().label(), TreeMap::new, mapping(Seen::where, toList())));
    if (byFormat.size() > 1) {
      String differences =
          byFormat.entrySet().stream()
              .map(
                  format ->
                      format.getKey()
                          + " for "
                          + format.getValue().stream().distinct().sorted().collect(joining(", ")))
              .collect(joining("; "));
      throw new ProblemsException(
          ("Cannot settle activations_dtype=auto: all devices of a run must take the same (%s); set"
                  + " activations_dtype, or device")
              .formatted(differences));
    }
    return devices.get(0).format();
  }

  /**
   * A device of a slot.
   *
   * @param format that it takes where nobody chooses
   */
  record Seen(String host, String name, boolean isGpu, Precision format) implements Serializable {

    static final Seen CPU = new Seen("", "CPU", false, AutoFormat.of(Optional.empty()));

    /** One of which nothing is asked. */
    static final Seen ANY_GPU = new Seen("", "GPU", true, AutoFormat.of(Optional.empty()));

    static Seen of(String host, String device, GeneratorFactory generators) {
      if (device.equals("cpu")) {
        return new Seen(host, CPU.name(), false, CPU.format());
      }
      Optional<CudaDevice> gpu = generators.gpu(CudaDevice.ordinal(device));
      String name =
          gpu.map(g -> "%s (%s.%s)".formatted(g.name(), g.major(), g.minor())).orElse(device);
      return new Seen(host, name, true, AutoFormat.of(gpu));
    }

    private String where() {
      return host.isEmpty() ? name : name + " of " + host;
    }
  }

  private static List<Seen> ofDriver(
      SparkContext spark, GeneratorFactory generators, ExecutionConfig asked) {
    if (asked.device().startsWith("cuda")) {
      WantedGpu.require(generators, asked.device());
    }
    int slots = spark.defaultParallelism();
    return IntStream.range(0, slots)
        .mapToObj(slot -> TaskDevice.ofDriver(generators, slot, slots).choose(asked.device()))
        .distinct()
        .map(device -> Seen.of("", device, generators))
        .toList();
  }

  private static List<Seen> of(
      SparkContext spark, GeneratorFactory generators, ExecutionConfig asked) {
    List<Answer> answers =
        EverySlot.ask(spark, GROUP, "Ask the devices", new Ask(generators, asked.device()));
    List<String> problems =
        answers.stream().map(Answer::problems).flatMap(List::stream).distinct().sorted().toList();
    if (!problems.isEmpty()) {
      throw new ProblemsException(problems);
    }
    return answers.stream().map(Answer::devices).flatMap(List::stream).toList();
  }

  /** What a slot says: its device, or why it has none. */
  private record Answer(List<Seen> devices, List<String> problems) implements Serializable {

    /** Keeps copies that can be sent. */
    private Answer {
      devices = new ArrayList<>(devices);
      problems = new ArrayList<>(problems);
    }
  }

  private record Ask(GeneratorFactory generators, String setting)
      implements Function<Integer, Answer> {

    @Override
    public Answer call(Integer slot) {
      String host = SparkEnv.get().blockManager().blockManagerId().host();
      try {
        String device = TaskDevice.ofRunningTask(generators).chosen(setting, generators);
        return new Answer(List.of(Seen.of(host, device, generators)), List.of());
      } catch (ProblemsException e) {
        return new Answer(List.of(), e.problems());
      }
    }
  }
}
