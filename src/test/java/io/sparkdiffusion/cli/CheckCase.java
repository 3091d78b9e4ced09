package io.sparkdiffusion.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.spark.model.CheckedAdditions;
import io.sparkdiffusion.spark.model.LocalModel;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.Shell;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.io.TempDir;

/** Runs {@code jobs/check}'s class in this JVM, beside a hub's cache that is empty. */
abstract class CheckCase {

  static final String UNET = "unet/diffusion_pytorch_model.safetensors";

  final ByteArrayOutputStream out = new ByteArrayOutputStream();
  final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @TempDir Path folder;

  Path copy(String name) throws IOException {
    return CopiedModel.of(name, folder.resolve("model"));
  }

  /** The same number of bytes, so that a tensor file's header keeps its length. */
  static void edit(Path file, String old, String replacement) throws IOException {
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    assertThat(text).contains(old);
    Files.writeString(file, text.replace(old, replacement), StandardCharsets.ISO_8859_1);
  }

  /** What sha256sum itself says of the files that decide an image, sorted by name. */
  static String sha256sum(Path model, String then) throws IOException, InterruptedException {
    String files = "model_index.json scheduler/*.json text_encoder/* tokenizer/* unet/* vae/*";
    return Shell.bash(
            Map.of("LC_ALL", "C"), "cd \"$1\" && sha256sum " + files + then, model.toString())
        .out();
  }

  /** Where nobody answers, unless a test has a hub of its own. */
  String hubAddress = "http://127.0.0.1:9";

  final Configuration hadoop = new Configuration();

  /** Its exit code. */
  int run(String... arguments) {
    out.reset();
    err.reset();
    HubEnvironment hub =
        HubEnvironment.of(
            Map.of("HF_ENDPOINT", hubAddress, "HF_HUB_CACHE", folder.resolve("cache").toString()),
            folder);
    return new Check(
            print(out),
            print(err),
            model -> LocalModel.find(model, hub),
            (model, found) -> CheckedAdditions.of(withCache(model), found, hadoop, hub))
        .run(arguments);
  }

  /** Copies of what lies elsewhere stay in the test's folder. */
  private ModelConfig withCache(ModelConfig model) {
    return new ModelConfig(
        model.folder(),
        model.revision(),
        model.weights(),
        model.digest(),
        folder.resolve("copies").toString(),
        model.schedulerOverrides(),
        model.accessToken(),
        model.loras(),
        model.embeddings(),
        model.controlNets());
  }

  private static PrintStream print(ByteArrayOutputStream to) {
    return new PrintStream(to, true, StandardCharsets.UTF_8);
  }

  static String text(ByteArrayOutputStream from) {
    return from.toString(StandardCharsets.UTF_8);
  }
}
