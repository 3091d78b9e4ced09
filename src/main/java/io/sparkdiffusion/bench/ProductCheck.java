package io.sparkdiffusion.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.pipeline.PipelineOptions;
import io.sparkdiffusion.torch.GpuMemory;
import io.sparkdiffusion.torch.LackOfMemory;
import io.sparkdiffusion.torch.TorchEngine;
import io.sparkdiffusion.util.ProcessMemory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The product without Spark, for {@code tools/gpu}: a line of standard input for a line of JSON on
 * standard output.
 */
public final class ProductCheck {

  private static final String USAGE =
      "images LIBTORCH MODEL_FOLDER DEVICE DTYPE BATCH_SIZE PIXELS STEPS, or texts";

  private final BufferedReader questions =
      new BufferedReader(new InputStreamReader(System.in, UTF_8));
  private final PrintStream answers = new PrintStream(System.out, true, UTF_8);

  private ProductCheck() {}

  /** Loads what the arguments name, says so, then answers. */
  public static void main(String[] arguments) throws IOException {
    ProductCheck check = new ProductCheck();
    if (arguments.length == 8 && arguments[0].equals("images")) {
      check.images(arguments);
    } else if (arguments.length == 1 && arguments[0].equals("texts")) {
      check.texts();
    } else {
      throw new IllegalArgumentException("Cannot check the product: it takes " + USAGE);
    }
  }

  /**
   * Each question is the number of the first image, how many, and how many in a batch. After the
   * last the pipeline is closed, and one more answer says what memory is then taken.
   */
  private void images(String[] arguments) throws IOException {
    int[] numbers = IntStream.rangeClosed(5, 7).map(i -> Integer.parseInt(arguments[i])).toArray();
    TorchEngine.use(arguments[1]);
    String device = arguments[3];
    PipelineOptions options = new PipelineOptions(device, arguments[4], numbers[0], Map.of());
    MemoryTaken memory = new MemoryTaken(device);
    long before = memory.deviceBytes();
    try (DigestedImages digested =
        new DigestedImages(
            ModelFolder.open(Path.of(arguments[2])), options, numbers[1], numbers[2])) {
      answer(
          Map.of(
              "torch", TorchEngine.version(),
              "threads", TorchEngine.threads(),
              "device_bytes_before", before,
              "device_bytes", memory.deviceBytes()));
      String question;
      while ((question = questions.readLine()) != null) {
        int[] asked = Stream.of(question.split(" ", 3)).mapToInt(Integer::parseInt).toArray();
        Map<String, Object> made = new LinkedHashMap<>(digested.make(asked[0], asked[1], asked[2]));
        made.put("anonymous_bytes", memory.anonymousBytes());
        made.put("device_bytes", memory.deviceBytes());
        answer(made);
      }
    }
    answer(
        Map.of("anonymous_bytes", memory.anonymousBytes(), "device_bytes", memory.deviceBytes()));
  }

  /** Each question is what libtorch said; the answer whether the product takes it for memory. */
  private void texts() throws IOException {
    String question;
    while ((question = questions.readLine()) != null) {
      answer(Map.of("halves", LackOfMemory.isSaidBy(question)));
    }
  }

  private void answer(Map<String, ?> facts) {
    answers.println(StrictJson.canonical(facts));
  }

  /** What the process and the device hold, when nothing is left to be collected. */
  private record MemoryTaken(String device) {

    long anonymousBytes() {
      System.gc();
      return ProcessMemory.anonymousBytes();
    }

    long deviceBytes() {
      return device.equals("cpu")
          ? 0
          : GpuMemory.takenBytes(device.contains(":") ? device : device + ":0");
    }
  }
}
