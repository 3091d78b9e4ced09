package io.sparkdiffusion;

import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.LocalSpark;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Runs {@code jobs/generate}'s class in this JVM on a small table, with a fake model. */
final class CommandLineRuns {

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Path folder;
  private final Path config;
  private final Path table;

  CommandLineRuns(Path folder) throws IOException {
    LocalSpark.session();
    this.folder = folder;
    config = folder.resolve("job.yml");
    Files.writeString(
        config,
        """
        pretrained_model_name_or_path: %s
        prompts: %s
        output_dir: %s
        resolution: 8
        num_inference_steps: 3
        device: cpu
        """
            .formatted(folder, folder.resolve("prompts.csv"), folder.resolve("out")));
    table = folder.resolve("prompts.csv");
    Files.writeString(table, "id,prompt,seed\na,fox,1\nb,owl,many\n");
  }

  /** The table of prompts, a row that can be made and one that cannot. */
  Path table() {
    return table;
  }

  /** Forgets what was said. */
  void forget() {
    err.reset();
  }

  Main main() {
    return new Main(
        new PrintStream(err, true, StandardCharsets.UTF_8),
        job -> job.models(settings -> FakeModel.named(folder.toString())));
  }

  /** Its exit code. */
  int run(String... overrides) {
    return main()
        .run(
            Stream.concat(Stream.of(config.toString()), Stream.of(overrides))
                .toArray(String[]::new));
  }

  /** All that it has said on standard error. */
  String said() {
    return err.toString(StandardCharsets.UTF_8);
  }

  String lastLine() {
    return said().lines().reduce("", (first, last) -> last);
  }
}
