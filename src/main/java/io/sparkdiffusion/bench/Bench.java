package io.sparkdiffusion.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sparkdiffusion.adapter.AdapterFile;
import io.sparkdiffusion.adapter.AdapterSet;
import io.sparkdiffusion.adapter.WeightedAdapter;
import io.sparkdiffusion.config.LoraUnmatched;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.pipeline.PipelineOptions;
import io.sparkdiffusion.torch.GpuName;
import io.sparkdiffusion.torch.TorchEngine;
import io.sparkdiffusion.weights.TensorFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Answers the questions of {@code tools/bench} on standard input, a line for a line. */
public final class Bench {

  private static final String USAGE =
      "stages MODEL_FOLDER INPUTS OUTPUT DTYPE, images MODEL_FOLDER DTYPE BATCH_SIZE PIXELS [LORA],"
          + " or png FILE; behind the first two device=cuda:N for a GPU";
  private static final String DEVICE = "device=";

  private final BufferedReader questions =
      new BufferedReader(new InputStreamReader(System.in, UTF_8));

  private Bench() {}

  /** Answers one question. */
  private interface Answers {
    String to(String question) throws IOException;
  }

  /** Loads what the arguments name, says so in a line of JSON, then answers each line. */
  public static void main(String[] arguments) throws IOException {
    new Bench().run(arguments);
  }

  private void run(String[] given) throws IOException {
    boolean onDevice = given.length > 1 && given[given.length - 1].startsWith(DEVICE);
    String[] arguments = onDevice ? Arrays.copyOf(given, given.length - 1) : given;
    String device = onDevice ? given[given.length - 1].substring(DEVICE.length()) : "cpu";
    switch (arguments.length == 0 ? "" : arguments[0] + arguments.length) {
      case "stages5" -> stages(arguments, device);
      case "images5", "images6" -> images(arguments, device);
      case "png2" -> png(new PngBench(Path.of(arguments[1])));
      default -> throw new IllegalArgumentException("Cannot run the bench: it takes " + USAGE);
    }
  }

  private void stages(String[] arguments, String device) throws IOException {
    try (StageBench bench =
        new StageBench(
            ModelFolder.open(Path.of(arguments[1])),
            TensorFile.read(Path.of(arguments[2])),
            Dtype.ofCompute(arguments[4]),
            device)) {
      sayReady(device);
      answer(question -> Double.toString(bench.seconds(question)));
      bench.write(Path.of(arguments[3]));
    }
  }

  /**
   * Each question is a number of steps, one of images, and sometimes one of images whose texts are
   * encoded before; a first answer: the first step.
   */
  private void images(String[] arguments, String device) throws IOException {
    try (ImageBench bench =
        new ImageBench(
            ModelFolder.open(Path.of(arguments[1])),
            adapters(arguments),
            new PipelineOptions(device, arguments[2], Integer.parseInt(arguments[3]), Map.of()),
            Integer.parseInt(arguments[4]))) {
      sayReady(device);
      answer(
          question -> {
            int[] numbers = Stream.of(question.split(" ", 3)).mapToInt(Integer::parseInt).toArray();
            if (numbers.length == 3) {
              bench.expect(numbers[0], numbers[2]);
            }
            return Double.toString(
                bench.seconds(numbers[0], numbers[1], () -> System.out.println("first step")));
          });
    }
  }

  /** The LoRA behind the other arguments, whole. */
  private static AdapterSet adapters(String[] arguments) {
    return arguments.length == 5
        ? AdapterSet.NONE
        : new AdapterSet(
            List.of(new WeightedAdapter(AdapterFile.open(Path.of(arguments[5])), 1)),
            LoraUnmatched.REFUSE);
  }

  private void png(PngBench bench) throws IOException {
    System.out.println("{}");
    answer(
        question -> {
          PngBench.Encoded encoded = bench.encode(question);
          return StrictJson.canonical(
              Map.of("seconds", encoded.seconds(), "bytes", encoded.bytes()));
        });
  }

  private static void sayReady(String device) {
    Map<String, Object> ready = new HashMap<>();
    ready.put("torch", TorchEngine.version());
    ready.put("threads", TorchEngine.threads());
    ready.put("device", device);
    if (!device.equals("cpu")) {
      ready.put("device_name", GpuName.of(device));
    }
    System.out.println(StrictJson.canonical(ready));
  }

  private void answer(Answers answers) throws IOException {
    String question;
    while ((question = questions.readLine()) != null) {
      System.out.println(answers.to(question));
    }
  }
}
