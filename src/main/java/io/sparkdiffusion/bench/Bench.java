package io.sparkdiffusion.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.TorchEngine;
import io.sparkdiffusion.weights.ModelFolder;
import io.sparkdiffusion.weights.TensorFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/** Answers the questions of {@code tools/bench} on standard input, a line for a line. */
public final class Bench {

  private static final String USAGE =
      "stages MODEL_FOLDER INPUTS OUTPUT DTYPE, pictures MODEL_FOLDER DTYPE BATCH_SIZE PIXELS, or"
          + " png FILE";

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

  private void run(String[] arguments) throws IOException {
    switch (arguments.length == 0 ? "" : arguments[0] + arguments.length) {
      case "stages5" -> stages(arguments);
      case "pictures5" -> pictures(arguments);
      case "png2" -> png(new PngBench(Path.of(arguments[1])));
      default -> throw new IllegalArgumentException("Cannot run the bench: it takes " + USAGE);
    }
  }

  private void stages(String[] arguments) throws IOException {
    try (StageBench bench =
        new StageBench(
            ModelFolder.open(Path.of(arguments[1])),
            TensorFile.read(Path.of(arguments[2])),
            Dtype.ofCompute(arguments[4]))) {
      sayReady();
      answer(question -> Double.toString(bench.seconds(question)));
      bench.write(Path.of(arguments[3]));
    }
  }

  /**
   * Each question is a number of steps, one of pictures, and sometimes one of pictures whose texts
   * are encoded before; a first answer: the first step.
   */
  private void pictures(String[] arguments) throws IOException {
    try (PictureBench bench =
        new PictureBench(
            ModelFolder.open(Path.of(arguments[1])),
            arguments[2],
            Integer.parseInt(arguments[3]),
            Integer.parseInt(arguments[4]))) {
      sayReady();
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

  private void png(PngBench bench) throws IOException {
    System.out.println("{}");
    answer(
        question -> {
          PngBench.Encoded encoded = bench.encode(question);
          return StrictJson.canonical(
              Map.of("seconds", encoded.seconds(), "bytes", encoded.bytes()));
        });
  }

  private static void sayReady() {
    System.out.println(
        StrictJson.canonical(
            Map.of("torch", TorchEngine.version(), "threads", TorchEngine.threads())));
  }

  private void answer(Answers answers) throws IOException {
    String question;
    while ((question = questions.readLine()) != null) {
      System.out.println(answers.to(question));
    }
  }
}
