package io.sparkdiffusion.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.testing.CopiedModel;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Strangers' files, which must neither keep a reader waiting nor fill its memory. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ModelBoundsTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String UNET = "unet/diffusion_pytorch_model.safetensors";

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void copy() throws IOException {
    model = CopiedModel.of("base", folder.resolve("model"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model_index.json",
        "scheduler/scheduler_config.json",
        "tokenizer/vocab.json",
        "tokenizer/merges.txt",
        "tokenizer/tokenizer.json",
        "tokenizer/special_tokens_map.json",
        "tokenizer/tokenizer_config.json",
        "tokenizer/added_tokens.json",
        "text_encoder/config.json",
        "unet/config.json",
        "vae/config.json",
        UNET
      })
  void aPipeIsNotWaitedFor(String name) throws IOException, InterruptedException {
    Path file = model.resolve(name);
    Files.deleteIfExists(file);
    assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
    assertThat(problems()).isNotEmpty().allMatch(line -> line.startsWith("Cannot "));
    assertThat(problems()).anyMatch(line -> line.contains(model.toString()));
  }

  @ParameterizedTest
  @CsvSource({
    "model_index.json, 4194304",
    "scheduler/scheduler_config.json, 4194304",
    "unet/config.json, 4194304",
    "tokenizer/tokenizer_config.json, 4194304",
    "tokenizer/vocab.json, 67108864",
    "tokenizer/merges.txt, 67108864",
    "tokenizer/tokenizer.json, 67108864"
  })
  void aFileOfAnySizeIsNotRead(String name, long most) throws IOException {
    long size = 3L << 30;
    grow(model.resolve(name), size);
    assertThat(problems())
        .contains(
            "Cannot read %s: it must have at most %s bytes (%s)"
                .formatted(model.resolve(name), most, size));
  }

  /** Its header says how many bytes it must have; 128 GiB take minutes to hash. */
  @Test
  void weightsThatCannotFitAreNotHashed() throws IOException {
    Files.writeString(model.resolve("sha256sums.txt"), "0".repeat(64) + "  " + UNET + "\n");
    grow(model.resolve(UNET), 1L << 37);
    assertThat(problems())
        .singleElement()
        .asString()
        .startsWith(
            "Cannot read %s: the tensors must fill the file of".formatted(model.resolve(UNET)));
  }

  @Test
  void aHeaderOfManyMegabytesIsNotRead() throws IOException {
    Path file = model.resolve(UNET);
    try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
      cut.setLength(200_000_000);
      cut.write(new byte[] {0, (byte) 0xE1, (byte) 0xF5, 5, 0, 0, 0, 0});
    }
    assertThat(problems())
        .contains(
            "Cannot read %s: the header must have 2 to 16000000 bytes (100000000)".formatted(file));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text_encoder | max_position_embeddings | 1000000000 | no text encoder takes more than 4096"
            + " tokens (1000000000)",
        "unet | sample_size | 100000 | it must be at most 512, of images of 4096 pixels (100000)",
        "unet | down_block_types | [\"CrossAttnDownBlock2D\", null] | each entry must be one of"
            + " CrossAttnDownBlock2D, DownBlock2D ([CrossAttnDownBlock2D, null])",
        "unet | up_block_types | [null] | each entry must be one of CrossAttnUpBlock2D, UpBlock2D"
            + " ([null])",
        "unet | block_out_channels | [null, 8] | it must be a list of 1 to 10 whole numbers from 1"
            + " to 2147483647 ([null, 8])",
        "vae | up_block_types | [null] | each entry must be one of UpDecoderBlock2D ([null])",
      })
  void aWrongNumberOrAGapIsOneLine(String part, String key, String value, String problem)
      throws IOException {
    Path file = model.resolve(part + "/config.json");
    ObjectNode json = (ObjectNode) JSON.readTree(file.toFile());
    json.set(key, JSON.readTree(value));
    JSON.writeValue(file.toFile(), json);
    assertThat(problems()).contains("Cannot use %s of %s: %s".formatted(key, file, problem));
    assertThatThrownBy(() -> ModelFacts.read(ModelFolder.open(model), java.util.Map.of(), "ddim"))
        .isInstanceOf(ProblemsException.class);
  }

  private List<String> problems() {
    ModelCheck check = ModelCheck.of(model);
    check.checkManifest();
    return check.findings().stream()
        .flatMap(finding -> finding.problems().stream())
        .flatMap(problem -> Stream.of(problem).peek(line -> assertThat(line).doesNotContain("\n")))
        .toList();
  }

  private static void grow(Path file, long size) throws IOException {
    try (RandomAccessFile grown = new RandomAccessFile(file.toFile(), "rw")) {
      grown.setLength(size);
    }
  }
}
