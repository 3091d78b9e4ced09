package io.sparkdiffusion.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.kernel.Packing;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.unet.ControlNetConfig;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.unet.UnetConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders of ControlNets beside a model, usable and not. */
class ControlNetNetworkTest {

  private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";

  @TempDir Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"v21", "sd15"})
  void aControlNetGoesWithItsModel(String model) {
    ControlNetNetwork network =
        ControlNetNetwork.open(ReferenceModels.folder("controlnet/" + model));

    network.requireFit(networks(model));
    assertThat(network.files().weightFiles()).hasSize(1);
    assertThat(network.files().sums().byFile()).containsOnlyKeys("config.json", WEIGHTS);
    assertThat(network.usual(networks(model), Dtype.FLOAT32).resultShape().size(0)).isEqualTo(2);
  }

  @Test
  void halfPrecisionIsTakenWhereThereIsNoOther() throws IOException {
    Path folder = copy();
    Files.move(folder.resolve(WEIGHTS), folder.resolve("diffusion_pytorch_model.fp16.safetensors"));

    assertThat(ControlNetFiles.open(folder).sums().byFile())
        .containsOnlyKeys("config.json", "diffusion_pytorch_model.fp16.safetensors");
  }

  @Test
  void anotherModelsIsRefusedWithAllReasons() {
    ControlNetNetwork network = ControlNetNetwork.open(ReferenceModels.folder("controlnet/sd15"));

    assertThatThrownBy(() -> network.requireFit(networks("v21")))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            String.join(
                System.lineSeparator(),
                must(network, "cross_attention_dim", "24", "32"),
                must(network, "block_out_channels", "[8, 12, 16, 16]", "[12, 18, 18, 24]"),
                must(network, "layers_per_block", "2", "1")));
  }

  @Test
  void imagesMustBeHalvedAsOftenAsTheModelsAre() throws IOException {
    Path folder = copy();
    Path config = folder.resolve("config.json");
    Files.writeString(
        config, Files.readString(config).replaceFirst("(_out_channels\": \\[\\s*)4,", "$1"));
    ControlNetConfig read = ControlNetConfig.read(config);
    ControlNetNetwork whole = ControlNetNetwork.open(ReferenceModels.folder("controlnet/v21"));
    ControlNetNetwork network =
        new ControlNetNetwork(ControlNetFiles.open(folder), read, whole.weights());

    assertThatThrownBy(() -> network.requireFit(networks("v21")))
        .hasMessage(
            "Cannot use ControlNet %s: it must make an image as much smaller as the model's VAE does (by 4, the VAE by 8)"
                .formatted(folder));
  }

  private static String must(ControlNetNetwork network, String key, String own, String wanted) {
    return "Cannot use ControlNet %s: its %s must be as the model's (%s, the model has %s)"
        .formatted(network.files(), key, own, wanted);
  }

  @Test
  void whatIsNoControlNetIsRefused() throws IOException {
    Path folder = copy();
    Path missing = temporary.resolve("nowhere");
    assertRefused(
        missing,
        "Cannot open ControlNet %s: it must be a folder in diffusers' layout (missing)"
            .formatted(missing));
    assertRefused(
        folder.resolve(WEIGHTS),
        "Cannot open ControlNet %s: it must be a folder in diffusers' layout (a file); make a folder once in Python: ControlNetModel.from_single_file(FILE).save_pretrained(FOLDER)"
            .formatted(folder.resolve(WEIGHTS)));
    Path model = ReferenceModels.folder("base").toAbsolutePath();
    assertRefused(
        model,
        "Cannot open ControlNet %s: it must be the folder that holds the ControlNet's config.json (a whole model)"
            .formatted(model));
    assertRefused(
        model.resolve("unet"),
        "Cannot use %s: its _class_name must be ControlNetModel (UNet2DConditionModel)"
            .formatted(model.resolve("unet/config.json")));
  }

  @ParameterizedTest
  @CsvSource({
    "diffusion_pytorch_model.bin, a .bin or .ckpt file is a pickle",
    "other.safetensors, diffusion_pytorch_model.safetensors must be there (missing)"
  })
  void weightsMustBeSafetensors(String name, String reason) throws IOException {
    Path folder = copy();
    Files.move(folder.resolve(WEIGHTS), folder.resolve(name));

    assertThatThrownBy(() -> ControlNetNetwork.open(folder))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith("Cannot load ControlNet of %s: ".formatted(folder))
        .hasMessageContaining(reason);
  }

  @Test
  void weightsOfAnotherNetworkAreRefusedWithItsName() throws IOException {
    Path folder = CopiedModel.of("controlnet/sd15", temporary.resolve("scribbles"));
    Files.copy(
        ReferenceModels.folder("controlnet/v21").resolve(WEIGHTS),
        folder.resolve(WEIGHTS),
        StandardCopyOption.REPLACE_EXISTING);

    assertThatThrownBy(() -> ControlNetNetwork.open(folder))
        .isInstanceOf(ProblemsException.class)
        .hasMessageContaining(" of ControlNet scribbles: ");
  }

  @Test
  void aManifestIsKept() throws IOException {
    Path folder = copy();
    ControlNetFiles files = ControlNetFiles.open(folder);
    Path manifest = Files.writeString(folder.resolve("sha256sums.txt"), files.sums().lines());
    files.checkManifest();
    Files.writeString(
        manifest, files.sums().lines().replaceFirst("\\w{64}(?= +config)", "0".repeat(64)));

    assertThatThrownBy(files::checkManifest)
        .isInstanceOf(ProblemsException.class)
        .hasMessageContaining("config.json must be as sha256sums.txt lists it");
  }

  @Test
  void cutWeightsAreRefused() throws IOException {
    Path folder = copy();
    byte[] all = Files.readAllBytes(folder.resolve(WEIGHTS));
    Files.write(folder.resolve(WEIGHTS), Arrays.copyOf(all, all.length - 7));

    assertThatThrownBy(() -> ControlNetNetwork.open(folder))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith("Cannot read ")
        .hasMessageContaining(WEIGHTS);
  }

  /**
   * Steps with control and steps without it share a UNet's weights, which are laid out for one of
   * them.
   */
  @ParameterizedTest
  @CsvSource({
    "ONEDNN, FLOAT32",
    "ONEDNN, BFLOAT16",
    "ONEDNN_WITH_TILES, FLOAT32",
    "ONEDNN_WITH_TILES, BFLOAT16"
  })
  void aUnetsWeightsAreLaidOutAlikeUnderControl(Target.Kernels kernels, Dtype dtype) {
    for (String model : new String[] {"v21", "sd15"}) {
      Unet2dConditionModel unet =
          new Unet2dConditionModel(
              UnetConfig.read(ReferenceModels.folder(model).resolve("unet/config.json")));
      Target target = new Target(dtype, kernels);
      Map<String, Class<?>> plain =
          kinds(Packing.of(target.apply(unet.record(dtype, 1, 2, 8, 8, 77))));

      assertThat(plain).isNotEmpty();
      assertThat(kinds(Packing.of(target.apply(unet.recordControlled(dtype, 1, 2, 8, 8, 77)))))
          .isEqualTo(plain);
    }
  }

  private static Map<String, Class<?>> kinds(Map<String, Packing> packings) {
    Map<String, Class<?>> kinds = new TreeMap<>();
    packings.forEach((name, packing) -> kinds.put(name, packing.getClass()));
    return kinds;
  }

  private static void assertRefused(Path folder, String problem) {
    assertThatThrownBy(() -> ControlNetNetwork.open(folder))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(problem);
  }

  private Path copy() throws IOException {
    return CopiedModel.of("controlnet/v21", temporary.resolve("edges"));
  }

  private static Networks networks(String model) {
    return Networks.check(ModelFolder.open(ReferenceModels.folder(model)));
  }
}
