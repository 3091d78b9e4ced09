package io.sparkdiffusion.testing;

import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.metadata.LoraTag;
import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.InputPixels;
import io.sparkdiffusion.pipeline.PipelineTimes;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.sampler.Schedulers;
import io.sparkdiffusion.spark.model.AdaptableModel;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.spark.model.ImageGenerator;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.model.TextsAhead;
import io.sparkdiffusion.torch.BrokenDeviceException;
import io.sparkdiffusion.torch.OutOfDeviceMemoryException;
import io.sparkdiffusion.util.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.hadoop.conf.Configuration;

/**
 * A model that makes images of noise in no time. A prompt that begins with {@code NAN} gives a
 * failed image, {@code FLAT} one of a single colour, {@code BOOM} ends the task, {@code HEAP} with
 * a fatal error, and of {@code LONG} some text is lost, {@code STRAGGLER N} takes as long as N
 * other images, {@code SLOW} two seconds, {@code LOST FILE} loses the device unless there is such a
 * file, which it makes. LoRAs, of which no file is looked at, make another model of it.
 */
public final class FakeModel {

  private static final int BATCH_SIZE = 4;
  private static final Map<String, AtomicInteger> LOADS = new ConcurrentHashMap<>();
  private static final Map<String, AtomicInteger> OPEN = new ConcurrentHashMap<>();
  private static final Map<String, AtomicInteger> MOST_OPEN = new ConcurrentHashMap<>();
  private static final Map<String, List<List<String>>> EXPECTED = new ConcurrentHashMap<>();

  private FakeModel() {}

  /** A model; what it loads is counted under the name. */
  public static Model named(String name) {
    return named(name, Long.MAX_VALUE);
  }

  /** A model whose files are not the driver's, as each executor says in this way. */
  public static Model withProblem(String name, String problem) {
    return of(name, new Factory(name, Long.MAX_VALUE, problem, ""));
  }

  /** The same on a device whose memory holds so many pixels in a batch of up to four images. */
  public static Model named(String name, long memoryPixels) {
    return of(name, new Factory(name, memoryPixels, "", ""));
  }

  private static Model of(String name, Factory factory) {
    return new Model(
        name,
        "",
        "d".repeat(64),
        new Schedulers(Map.of("prediction_type", "epsilon"), Map.of()),
        16,
        16,
        List.of(),
        factory);
  }

  /** How often a model was loaded in this JVM. */
  public static int loads(String name) {
    return counter(LOADS, name).get();
  }

  /** How many of a model's variants were in memory together in this JVM, at most. */
  public static int mostOpen(String name) {
    return counter(MOST_OPEN, name).get();
  }

  private static AtomicInteger counter(Map<String, AtomicInteger> counters, String name) {
    return counters.computeIfAbsent(name, any -> new AtomicInteger());
  }

  /** The ids of what a model was told of, call by call. */
  public static List<List<String>> expected(String name) {
    return EXPECTED.computeIfAbsent(name, any -> new CopyOnWriteArrayList<>());
  }

  private record Factory(String name, long memoryPixels, String problem, String loras)
      implements GeneratorFactory {

    @Override
    public AdaptableModel adaptable(
        String baseDigest, ModelConfig named, Configuration hadoop, HubEnvironment hub) {
      return added ->
          new AdaptableModel.Adapted(
              new Factory(name, memoryPixels, problem, added.toString()),
              added.all().isEmpty() ? baseDigest : Sha256.of(baseDigest + added),
              new Model.Loras(
                  added.toString(),
                  added.all().stream().map(one -> new LoraTag(one.path(), "1", "0")).toList(),
                  baseDigest),
              List.of());
    }

    @Override
    public void check(Configuration hadoop) {
      if (!problem.isEmpty()) {
        throw new ProblemsException(problem);
      }
    }

    @Override
    public ImageGenerator load(String device, Configuration hadoop) {
      check(hadoop);
      counter(LOADS, name).incrementAndGet();
      int open = counter(OPEN, name).incrementAndGet();
      counter(MOST_OPEN, name).accumulateAndGet(open, Math::max);
      return new Generator(name, device, memoryPixels);
    }

    @Override
    public int gpuCount() {
      return 0;
    }
  }

  /** As a CPU has it. */
  private record Ahead(String name) implements TextsAhead {

    @Override
    public int images() {
      return 32;
    }

    @Override
    public void encode(List<ImageRequest> soon) {
      expected(name).add(soon.stream().map(ImageRequest::id).toList());
    }
  }

  private record Generator(String name, String device, long memoryPixels, AtomicLong nanos)
      implements ImageGenerator {

    private static final AtomicInteger MADE = new AtomicInteger();

    Generator(String name, String device, long memoryPixels) {
      this(name, device, memoryPixels, new AtomicLong());
    }

    @Override
    public Optional<TextsAhead> textsAhead() {
      return Optional.of(new Ahead(name));
    }

    /** Half of an image is the one that it starts from, the end its mask. */
    @Override
    public List<ImageResult> generate(
        List<ImageRequest> requests, InputPixels given, int batchSize) {
      return generate(requests, batchSize).stream()
          .map(
              result ->
                  result instanceof ImageResult.Generated made
                          && made.request().inputs().contains(InputImage.INIT)
                      ? over(given, made)
                      : result)
          .toList();
    }

    private static ImageResult over(InputPixels given, ImageResult.Generated made) {
      byte[] image = given.rgb(made.request(), InputImage.INIT);
      System.arraycopy(image, 0, made.rgb(), 0, image.length / 2);
      if (made.request().inputs().contains(InputImage.MASK)) {
        byte[] mask = given.rgb(made.request(), InputImage.MASK);
        int begin = mask.length * 3 / 4;
        System.arraycopy(mask, begin, made.rgb(), begin, mask.length - begin);
      }
      return made;
    }

    @Override
    public List<ImageResult> generate(List<ImageRequest> requests, int batchSize) {
      if (requests.size() > batchSize) {
        throw new IllegalArgumentException("more requests than the batch holds");
      }
      ImageRequest first = requests.get(0);
      if ((long) batchSize * first.heightPixels() * first.widthPixels() > memoryPixels) {
        throw new OutOfDeviceMemoryException(
            device, new IllegalStateException("CUDA out of memory. Tried to allocate 2.00 GiB"));
      }
      if (requests.stream().map(ImageRequest::batchKey).distinct().count() != 1) {
        throw new IllegalArgumentException("the requests of a batch must share its key");
      }
      nanos.addAndGet(1_000_000L * requests.size());
      if (first.prompt().startsWith("STRAGGLER ")) {
        awaitOthers(Integer.parseInt(first.prompt().substring("STRAGGLER ".length())));
      }
      if (first.prompt().startsWith("SLOW")) {
        LockSupport.parkNanos(2_000_000_000L);
      }
      MADE.addAndGet(requests.size());
      requests.stream().map(ImageRequest::prompt).forEach(this::loseDevice);
      return requests.stream().map(Generator::result).toList();
    }

    private void loseDevice(String prompt) {
      if (prompt.startsWith("LOST ")) {
        Path mark = Path.of(prompt.substring("LOST ".length()));
        try {
          Files.createFile(mark);
        } catch (FileAlreadyExistsException e) {
          return;
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        throw new BrokenDeviceException(
            device, new IllegalStateException("CUDA error: unspecified launch failure"));
      }
    }

    private static void awaitOthers(int images) {
      int end = MADE.get() + images;
      for (int tries = 0; MADE.get() < end; tries++) {
        if (tries == 600) {
          throw new IllegalStateException("the others did not go on");
        }
        LockSupport.parkNanos(100_000_000L);
      }
    }

    private static ImageResult result(ImageRequest request) {
      if (request.prompt().startsWith("BOOM")) {
        throw new IllegalStateException("Cannot go on: the device is gone");
      }
      if (request.prompt().startsWith("HEAP")) {
        throw new OutOfMemoryError("Java heap space");
      }
      if (request.prompt().startsWith("NAN")) {
        return new ImageResult.Failed(request, "Cannot keep image: it holds NaN (step 3)");
      }
      String lost = request.prompt().startsWith("LONG") ? "the end" : "";
      return new ImageResult.Generated(
          request,
          rgb(request),
          new ImageResult.TextUse(5, lost),
          new ImageResult.TextUse(2, ""),
          Duration.ofMillis(1));
    }

    private static byte[] rgb(ImageRequest request) {
      byte[] rgb = new byte[3 * request.heightPixels() * request.widthPixels()];
      if (!request.prompt().startsWith("FLAT")) {
        byte[] text = request.prompt().getBytes(StandardCharsets.UTF_8);
        new Random(request.seed() * 31 + java.util.Arrays.hashCode(text)).nextBytes(rgb);
      }
      return rgb;
    }

    @Override
    public PipelineTimes times() {
      return new PipelineTimes(
          Duration.ofSeconds(2), Duration.ofSeconds(1), Duration.ofNanos(nanos.get()));
    }

    @Override
    public Provenance.Computation computation() {
      return new Provenance.Computation(device, "fake", "float32", 1, BATCH_SIZE);
    }

    @Override
    public Provenance.Versions versions() {
      return new Provenance.Versions("test", 1, "none", "none", "17");
    }

    @Override
    public void close() {
      counter(OPEN, name).decrementAndGet();
    }
  }
}
