package io.sparkdiffusion.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.WeightFormat;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.NarrowModel;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFolderTest {

  private static final String OTHER_KINDS = "; other kinds of models are not supported";

  private static final List<String> BASE_FILES =
      List.of(
          "model_index.json",
          "scheduler/scheduler_config.json",
          "text_encoder/config.json",
          "text_encoder/model.safetensors",
          "tokenizer/merges.txt",
          "tokenizer/special_tokens_map.json",
          "tokenizer/tokenizer_config.json",
          "tokenizer/vocab.json",
          "unet/config.json",
          "unet/diffusion_pytorch_model.safetensors",
          "vae/config.json",
          "vae/diffusion_pytorch_model.safetensors");

  @TempDir Path temporary;
  private Path root;

  @BeforeEach
  void copy() throws IOException {
    root = copyOfBase("model");
  }

  private Path copyOfBase(String name) throws IOException {
    Path base = ReferenceModels.folder("base");
    Path copy = temporary.resolve(name);
    for (String file : BASE_FILES) {
      Files.createDirectories(copy.resolve(file).getParent());
      Files.copy(base.resolve(file), copy.resolve(file));
    }
    return copy;
  }

  @Test
  void saysWhichFoldersAreNotUsed() {
    assertThat(ModelFolder.open(ReferenceModels.folder("sd15")).unused())
        .containsExactly("feature_extractor", "safety_checker");
    assertThat(ModelFolder.open(ReferenceModels.folder("base")).unused()).isEmpty();
  }

  @Test
  void namesTheFilesThatDecideAImage() {
    ModelFolder folder = ModelFolder.open(root);

    assertThat(folder.root()).isEqualTo(root);
    assertThat(folder.files()).isEqualTo(BASE_FILES);
    assertThat(folder.configFile(Component.VAE)).isEqualTo(root.resolve("vae/config.json"));
    assertThat(folder.tokenizerFolder()).isEqualTo(root.resolve("tokenizer"));
    assertThat(folder.schedulerConfig()).containsEntry("beta_schedule", "scaled_linear");
    assertThat(ModelFolder.open(ReferenceModels.folder("v21")).files())
        .filteredOn(file -> file.startsWith("unet/"))
        .containsExactly(
            "unet/config.json",
            "unet/diffusion_pytorch_model-00001-of-00003.safetensors",
            "unet/diffusion_pytorch_model-00002-of-00003.safetensors",
            "unet/diffusion_pytorch_model-00003-of-00003.safetensors");
  }

  @Test
  void everyMissingFileIsReportedAtOnce() throws IOException {
    for (String file : BASE_FILES) {
      Files.delete(root.resolve(file));
    }

    assertRefused(
        "Cannot read ROOT/model_index.json: the file must exist (missing)",
        "Cannot open ROOT/scheduler/scheduler_config.json: the file must be there and readable"
            + " (missing)",
        "Cannot open ROOT/tokenizer/vocab.json: the file must be there and readable (missing)",
        "Cannot open ROOT/tokenizer/merges.txt: the file must be there and readable (missing)",
        "Cannot open ROOT/text_encoder/config.json: the file must be there and readable (missing)",
        "Cannot load text_encoder of ROOT: model.safetensors must be there (missing)",
        "Cannot open ROOT/unet/config.json: the file must be there and readable (missing)",
        "Cannot load unet of ROOT: diffusion_pytorch_model.safetensors must be there (missing)",
        "Cannot open ROOT/vae/config.json: the file must be there and readable (missing)",
        "Cannot load vae of ROOT: diffusion_pytorch_model.safetensors must be there (missing)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "scheduler/scheduler_config.json",
        "tokenizer/vocab.json",
        "tokenizer/merges.txt",
        "unet/config.json"
      })
  void aFolderIsNoFile(String file) throws IOException {
    Files.delete(root.resolve(file));
    Files.createDirectory(root.resolve(file));

    assertRefused(
        "Cannot open ROOT/%s: the file must be there and readable (not a readable file)"
            .formatted(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tokenizer/special_tokens_map.json", "tokenizer/tokenizer_config.json"})
  void filesThatHaveDefaultsMayBeMissing(String file) throws IOException {
    Files.delete(root.resolve(file));

    assertThat(ModelFolder.open(root).files()).hasSize(BASE_FILES.size() - 1).doesNotContain(file);
  }

  @Test
  void aWrittenTokenizerStandsForVocabularyAndMerges() throws IOException {
    Files.delete(root.resolve("tokenizer/vocab.json"));
    Files.delete(root.resolve("tokenizer/merges.txt"));
    Files.writeString(root.resolve("tokenizer/tokenizer.json"), "{}");

    assertThat(ModelFolder.open(root).files()).contains("tokenizer/tokenizer.json");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "UNet2DConditionModel | UNetSpatioTemporalConditionModel"
            + " | unet of ROOT/model_index.json: its class must be UNet2DConditionModel"
            + " ([diffusers, UNetSpatioTemporalConditionModel])",
        "AutoencoderKL | AutoencoderTiny"
            + " | vae of ROOT/model_index.json: its class must be AutoencoderKL"
            + " ([diffusers, AutoencoderTiny])",
        "CLIPTextModel | CLIPTextModelWithProjection"
            + " | text_encoder of ROOT/model_index.json: its class must be CLIPTextModel"
            + " ([transformers, CLIPTextModelWithProjection])",
        "CLIPTokenizer | T5Tokenizer"
            + " | tokenizer of ROOT/model_index.json: its class must be CLIPTokenizer or"
            + " CLIPTokenizerFast ([transformers, T5Tokenizer])",
        "StableDiffusionPipeline | StableDiffusionXLPipeline"
            + " | ROOT/model_index.json: its _class_name must be StableDiffusionPipeline"
            + " (StableDiffusionXLPipeline)"
      })
  void otherPipelinesAndNetworksAreRefused(String name, String other, String message)
      throws IOException {
    edit("model_index.json", '"' + name + '"', '"' + other + '"');

    assertRefused("Cannot use " + message + OTHER_KINDS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "StableDiffusionImg2ImgPipeline",
        "StableDiffusionInpaintPipeline",
        "StableDiffusionDepth2ImgPipeline",
        "StableDiffusionUpscalePipeline"
      })
  void pipelinesFromImagesHaveTheSameParts(String pipeline) throws IOException {
    edit("model_index.json", "\"StableDiffusionPipeline\"", '"' + pipeline + '"');

    assertThat(ModelFolder.open(root)).hasToString(root.toString());
  }

  @Test
  void theFastTokenizerIsTheSame() throws IOException {
    edit("model_index.json", "\"CLIPTokenizer\"", "\"CLIPTokenizerFast\"");

    assertThat(ModelFolder.open(root)).hasToString(root.toString());
  }

  @Test
  void allThatAnIndexLacksIsReportedInOrder() throws IOException {
    Files.writeString(
        root.resolve("model_index.json"), "{\"unet\":null,\"vae\":[1],\"tokenizer\":\"x\"}");

    assertRefused(
        "Cannot use ROOT/model_index.json: its _class_name must be StableDiffusionPipeline"
            + " (absent)"
            + OTHER_KINDS,
        "Cannot use text_encoder of ROOT/model_index.json: its class must be CLIPTextModel (absent)"
            + OTHER_KINDS,
        "Cannot use tokenizer of ROOT/model_index.json: its class must be CLIPTokenizer or"
            + " CLIPTokenizerFast (x)"
            + OTHER_KINDS,
        "Cannot use unet of ROOT/model_index.json: its class must be UNet2DConditionModel (null)"
            + OTHER_KINDS,
        "Cannot use vae of ROOT/model_index.json: its class must be AutoencoderKL ([1])"
            + OTHER_KINDS);
  }

  @Test
  void aBrokenIndexIsRefused() throws IOException {
    Files.writeString(root.resolve("model_index.json"), "{");

    assertThatThrownBy(() -> ModelFolder.open(root))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith(
            "Cannot read %s/model_index.json: it must be valid JSON (".formatted(root))
        .hasMessageNotContaining("\n");
  }

  @Test
  void aModelIsAFolder() {
    Path file = root.resolve("model_index.json");
    assertThatThrownBy(() -> ModelFolder.open(file))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot open model %s: it must be a folder in diffusers' layout (a file)"
                .formatted(file));
    Path missing = temporary.resolve("missing");
    assertThatThrownBy(() -> ModelFolder.open(missing))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot open model %s: it must be a folder in diffusers' layout (missing)"
                .formatted(missing));
  }

  @Test
  void aCopyHasTheSameDigest() throws IOException {
    Path copy = copyOfBase("copy of the model");
    Path linked = Files.createSymbolicLink(temporary.resolve("link"), copy);

    assertThat(digest(root))
        .matches("[0-9a-f]{64}")
        .isEqualTo(digest(copy))
        .isEqualTo(digest(linked))
        .isNotEqualTo(digest(ReferenceModels.folder("v21")));
  }

  @Test
  void whatDecidesNoImageDoesNotChangeTheDigest() throws IOException {
    String before = digest(root);
    Files.writeString(root.resolve("README.md"), "x");
    Files.writeString(root.resolve("unet/diffusion_pytorch_model.fp16.safetensors"), "x");
    Files.createDirectory(root.resolve("safety_checker"));

    assertThat(digest(root)).isEqualTo(before);
  }

  static Stream<String> filesOfBase() {
    return BASE_FILES.stream();
  }

  @ParameterizedTest
  @MethodSource("filesOfBase")
  void everyByteChangesTheDigest(String name) throws IOException {
    String before = digest(root);
    Path file = root.resolve(name);
    byte[] content = Files.readAllBytes(file);
    int last = content.length - 1;
    if (name.endsWith(".safetensors")) {
      content[last] ^= 1;
    } else {
      content = Arrays.copyOf(content, last + 2);
      content[last + 1] = ' ';
    }
    Files.write(file, content);

    assertThat(digest(root)).isNotEqualTo(before);
  }

  @Test
  void aFilesNameChangesTheDigest() throws IOException {
    String before = digest(root);
    Files.move(
        root.resolve("unet/diffusion_pytorch_model.safetensors"),
        root.resolve("unet/diffusion_pytorch_model.fp16.safetensors"));

    assertThat(digest(root)).isNotEqualTo(before);
  }

  @Test
  void theDigestIsThatOfSha256Sum() throws Exception {
    Path small = temporary.resolve("sums");
    StringBuilder lines = new StringBuilder();
    BASE_FILES.stream()
        .map(file -> sha256(root.resolve(file)) + "  " + file + "\n")
        .sorted()
        .forEach(lines::append);
    Files.writeString(small, lines);

    assertThat(digest(root)).isEqualTo(sha256(small));
  }

  @Test
  void takesAFolderThatIsAsItsManifestSays() throws IOException {
    Files.writeString(root.resolve("README.md"), "x");
    writeManifest(List.of("README.md"), "./");
    CopiedModel.alter(root.resolve("README.md"));
    Files.writeString(
        root.resolve("sha256sums.txt"),
        "0".repeat(64) + "  unet/diffusion_pytorch_model.fp16.safetensors\n",
        StandardOpenOption.APPEND);

    assertThatCode(() -> ModelFolder.open(root).checkManifest())
        .as("what no image needs may differ or be missing")
        .doesNotThrowAnyException();
  }

  /** Whoever gives a folder away chooses where its links lead on another machine. */
  @Test
  void showsNoLinesOfAManifestThatIsALinkOutOfTheFolder() throws IOException {
    Path secret = Files.writeString(root.resolveSibling("secret"), "user:password\n");
    Path manifest = Files.createSymbolicLink(root.resolve("sha256sums.txt"), secret);
    assertThatThrownBy(() -> ModelFolder.open(root).checkManifest())
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot read %s: its lines must be as sha256sum writes them (it is a link out of the"
                    .formatted(manifest)
                + " folder; they are not shown)")
        .hasNoCause();
  }

  @Test
  void namesEveryFileThatIsNotAsTheManifestSays() throws IOException {
    writeManifest(List.of(), "");
    Path unet = root.resolve("unet/diffusion_pytorch_model.safetensors");
    String before = sha256(unet);
    CopiedModel.alter(unet);
    Files.delete(root.resolve("tokenizer/special_tokens_map.json"));
    Files.move(
        root.resolve("vae/diffusion_pytorch_model.safetensors"),
        root.resolve("vae/diffusion_pytorch_model.fp16.safetensors"));

    assertThatThrownBy(() -> ModelFolder.open(root).checkManifest())
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            """
            Cannot use model %1$s: tokenizer/special_tokens_map.json must be there,\
             sha256sums.txt lists it (missing)
            Cannot use model %1$s: unet/diffusion_pytorch_model.safetensors must be as\
             sha256sums.txt lists it (it has sha256 %2$s, listed is %3$s)
            Cannot use model %1$s: vae/diffusion_pytorch_model.safetensors must be there,\
             sha256sums.txt lists it (missing)"""
                .formatted(root, sha256(unet), before));
  }

  @Test
  void theFormatDecidesWhichWeightsAreUsed() throws IOException {
    Path both = NarrowModel.both(temporary.resolve("both"));

    assertThat(ModelFolder.open(both).files())
        .filteredOn(file -> file.matches(".*(msgpack|safetensors)"))
        .containsExactly(
            "text_encoder/model.fp16.safetensors",
            "unet/diffusion_pytorch_model.safetensors",
            "vae/diffusion_pytorch_model.fp16.safetensors");
    assertThat(ModelFolder.open(both, WeightFormat.FLAX).files())
        .filteredOn(file -> file.matches(".*(msgpack|safetensors)"))
        .containsExactly(
            "text_encoder/flax_model.msgpack",
            "unet/diffusion_flax_model.msgpack",
            "vae/diffusion_flax_model.msgpack");
  }

  @Test
  void weightsOfTheOtherFormatAreNamedWithTheSetting() throws IOException {
    root = NarrowModel.flax(temporary.resolve("flax"));
    String hint = " must be there (missing); the weights there are Flax's, set from_pt=false";

    assertRefused(
        "Cannot load text_encoder of ROOT: model.safetensors" + hint,
        "Cannot load unet of ROOT: diffusion_pytorch_model.safetensors" + hint,
        "Cannot load vae of ROOT: diffusion_pytorch_model.safetensors" + hint);
  }

  @Test
  void theManifestMayListWeightsOfTheOtherFormat() throws IOException {
    Path both = NarrowModel.both(temporary.resolve("both"));
    Path flax = both.resolve("unet/diffusion_flax_model.msgpack");
    Path safetensors = both.resolve("unet/diffusion_pytorch_model.safetensors");
    Files.writeString(
        both.resolve("sha256sums.txt"),
        "%s  %s%n%s  %s%n"
            .formatted(
                sha256(flax),
                both.relativize(flax),
                sha256(safetensors),
                both.relativize(safetensors)));
    CopiedModel.alter(safetensors);
    ModelFolder.open(both, WeightFormat.FLAX).checkManifest();
    CopiedModel.alter(safetensors);
    CopiedModel.alter(flax);
    ModelFolder.open(both).checkManifest();

    assertThatThrownBy(() -> ModelFolder.open(both, WeightFormat.FLAX).checkManifest())
        .hasMessageStartingWith(
            "Cannot use model %s: unet/diffusion_flax_model.msgpack must be as sha256sums.txt"
                .formatted(both));
    Files.delete(flax);
    ModelFolder.open(both).checkManifest();
  }

  private void writeManifest(List<String> more, String prefix) throws IOException {
    StringBuilder lines = new StringBuilder();
    Stream.concat(BASE_FILES.stream(), more.stream())
        .forEach(
            file -> lines.append("%s  %s%s\n".formatted(sha256(root.resolve(file)), prefix, file)));
    Files.writeString(root.resolve("sha256sums.txt"), lines);
  }

  private static String sha256(Path file) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
      return HexFormat.of().formatHex(digest);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static String digest(Path folder) {
    return ModelFolder.open(folder).sums().digest();
  }

  private void edit(String name, String old, String replacement) throws IOException {
    Path file = root.resolve(name);
    String text = Files.readString(file);
    assertThat(text).contains(old);
    Files.writeString(file, text.replace(old, replacement));
  }

  private void assertRefused(String... problems) {
    assertThatThrownBy(() -> ModelFolder.open(root))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        Arrays.stream(problems)
                            .map(problem -> problem.replace("ROOT", root.toString()))
                            .toArray(String[]::new)));
  }
}
