package io.sparkdiffusion.torch;

import static io.sparkdiffusion.util.NativeLibraries.setIfAbsent;

import ai.djl.engine.Engine;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.util.Utils;
import io.sparkdiffusion.util.NativeCacheException;
import io.sparkdiffusion.util.NativeLibraries;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * libtorch inside this JVM, started once. It never goes to the network: DJL's own downloads and its
 * usage ping are switched off before it is touched.
 */
public final class TorchEngine {

  private static final String THREADS = "ai.djl.pytorch.num_threads";

  private static Optional<Libtorch> chosen = Optional.empty();
  private static volatile Optional<Engine> engine = Optional.empty();
  private static Optional<UnusableLibtorchException> failure = Optional.empty();

  private TorchEngine() {}

  /**
   * Chooses the libtorch of this JVM, which has one to its end; nothing is loaded yet.
   *
   * @param path the setting {@code libtorch_path}; empty: what {@code PYTORCH_LIBRARY_PATH} names,
   *     else the one in the job's jar
   * @throws UnusableLibtorchException where it cannot be used, with everything that is wrong, or
   *     where this JVM has another already
   */
  public static synchronized Libtorch use(String path) {
    if (chosen.isEmpty()) {
      prepare();
      chosen = Optional.of(Libtorch.choose(path, System.getenv()));
    }
    Libtorch mine = chosen.get();
    if (!path.isEmpty() && !mine.folder().equals(Optional.of(path))) {
      LibtorchFolder.find(Libtorch.SETTING, path); // what is wrong with it comes first
      throw new UnusableLibtorchException(
          List.of(
              ("Cannot use libtorch_path=%s: a process has one libtorch to its end (%s); start the"
                      + " program, its session or its executors anew")
                  .formatted(path, mine)));
    }
    return mine;
  }

  /**
   * Starts libtorch on first use, the one in the job's jar where nothing else was chosen. What has
   * failed once fails again for the same reason.
   *
   * @throws UnusableLibtorchException where it cannot be started
   */
  static Engine start() {
    return engine.orElseGet(TorchEngine::startOnce);
  }

  private static synchronized Engine startOnce() {
    if (failure.isPresent()) {
      throw new UnusableLibtorchException(failure.get().problems(), failure.get());
    }
    if (engine.isEmpty()) {
      Libtorch libtorch = use("");
      requireParts(libtorch);
      OpenMpThreads openMp = OpenMpThreads.beforeLoading(Integer.getInteger(THREADS, 1));
      try {
        engine =
            Optional.of(
                NativeLibraries.unpacking(
                    Utils.getEngineCacheDir(), () -> Engine.getEngine("PyTorch")));
        openMp.afterLoading();
      } catch (Exception | LinkageError | AssertionError e) {
        UnusableLibtorchException cannot =
            new UnusableLibtorchException(List.of(reason(libtorch, e)), e);
        failure = Optional.of(cannot);
        throw cannot;
      }
    }
    return engine.get();
  }

  private static void requireParts(Libtorch libtorch) {
    List<String> problems = new ArrayList<>();
    DjlClasses.problem().ifPresent(problems::add);
    if (libtorch.folder().isEmpty()) {
      NativePlatform.ofThisMachine()
          .problem(NativePlatform.present(), libtorch.version())
          .ifPresent(problems::add);
    }
    if (!problems.isEmpty()) {
      throw new UnusableLibtorchException(problems);
    }
  }

  private static String reason(Libtorch libtorch, Throwable failure) {
    if (failure instanceof NativeCacheException) {
      return failure.getMessage();
    }
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return libtorch.folder().isPresent()
        ? "Cannot start %s: its libraries must load (%s)".formatted(libtorch, root)
        : "Cannot start libtorch: its natives must be in the job's jar and load (%s)"
            .formatted(root);
  }

  static PtNDManager newManager(ai.djl.Device device) {
    return (PtNDManager) start().newBaseManager(device);
  }

  /** The version of libtorch that runs, such as {@code 2.7.1}. */
  public static String version() {
    return start().getVersion();
  }

  /**
   * What computes here, in one line: {@code libtorch 2.7.1+cu126 of ./gpu-env, driver 12.8, NVIDIA
   * H200}.
   *
   * @param device {@code cpu} or {@code cuda:N}
   */
  public static String describe(String device) {
    String libtorch = use("").toString();
    if (device.equals("cpu")) {
      return libtorch;
    }
    CudaDriver driver = CudaDriver.find().orElseThrow();
    int index = CudaDevice.ordinal(device);
    return "%s, driver %s, %s"
        .formatted(libtorch, CudaDriver.shown(driver.version()), driver.device(index).name());
  }

  /** Whether the one in the job's jar computes. */
  public static boolean isOfJob() {
    return use("").folder().isEmpty();
  }

  /**
   * Why no GPU can be used here, the machine's reason first; none where one can. libtorch is
   * started only where everything else is there.
   */
  public static List<NoGpu> whyNoGpu() {
    Optional<CudaDriver> driver = CudaDriver.find();
    Optional<String> visible = Optional.ofNullable(System.getenv("CUDA_VISIBLE_DEVICES"));
    List<NoGpu> reasons = GpuReasons.of(use(""), driver, visible);
    if (reasons.isEmpty() && start().getGpuCount() == 0) {
      return List.of(
          new NoGpu(
              "the CUDA of %s finds none of the driver's %s GPUs"
                  .formatted(use(""), driver.orElseThrow().deviceCount()),
              "see what nvidia-smi says here"));
    }
    return reasons;
  }

  /** The number of threads that one operation uses. */
  public static int threads() {
    start();
    return Integer.getInteger(THREADS);
  }

  /**
   * How many threads one operation shall use; only before libtorch is started, and where the user
   * has not set {@code ai.djl.pytorch.num_threads}.
   */
  public static void useThreads(int threads) {
    setIfAbsent(THREADS, Integer.toString(threads));
  }

  /** Settings that DJL reads once; those that the user has given stay. */
  public static void prepare() {
    NativeLibraries.prepare(Utils.getEngineCacheDir());
    setIfAbsent("ai.djl.pytorch.graph_optimizer", "false");
    setIfAbsent("ai.djl.pytorch.num_interop_threads", "1");
    setIfAbsent(THREADS, Integer.toString(Runtime.getRuntime().availableProcessors()));
  }
}
