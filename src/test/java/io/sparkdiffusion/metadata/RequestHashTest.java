package io.sparkdiffusion.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.Requests;
import io.sparkdiffusion.util.Sha256;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RequestHashTest {

  private static final Map<String, Object> SCHEDULER = Map.of("beta_start", 0.00085);

  private static final ImageRequest REQUEST =
      Requests.of("a", 0, "a cat", "blurry", Parameters.SEED.of(42L));

  @Test
  void hashesSortedJson() {
    String json =
        "{\"dtype\":\"float32\",\"eta\":0,\"guidance_rescale\":0,\"guidance_scale\":7.5,"
            + "\"height\":512,\"image_index\":0,\"image_version\":1,\"model_digest\":\"abc\","
            + "\"negative_prompt\":\"blurry\",\"num_inference_steps\":50,\"prompt\":\"a cat\","
            + "\"scheduler\":\"ddim\",\"scheduler_config\":{\"beta_start\":0.00085},\"seed\":42,"
            + "\"width\":512}";

    assertThat(hash(REQUEST)).isEqualTo(Sha256.of(json)).matches("[0-9a-f]{64}");
  }

  @Test
  void doesNotDependOnTheId() {
    assertThat(hash(Requests.of("b", 0, "a cat", "blurry", Parameters.SEED.of(42L))))
        .isEqualTo(hash(REQUEST));
  }

  @Test
  void dependsOnEverythingElse() {
    List<ImageRequest> others =
        List.of(
            Requests.of("a", 1, "a cat", "blurry", Parameters.SEED.of(42L)),
            Requests.of("a", 0, "a cow", "blurry", Parameters.SEED.of(42L)),
            Requests.of("a", 0, "a cat", "", Parameters.SEED.of(42L)),
            Requests.of("a", 0, "a cat", "blurry", Parameters.SEED.of(43L)),
            Requests.of(
                "a",
                0,
                "a cat",
                "blurry",
                Parameters.SEED.of(42L),
                Parameters.NUM_INFERENCE_STEPS.of(51)),
            Requests.of(
                "a",
                0,
                "a cat",
                "blurry",
                Parameters.SEED.of(42L),
                Parameters.GUIDANCE_SCALE.of(7.4)),
            Requests.of(
                "a",
                0,
                "a cat",
                "blurry",
                Parameters.SEED.of(42L),
                Parameters.GUIDANCE_RESCALE.of(1.0)),
            Requests.of(
                "a", 0, "a cat", "blurry", Parameters.SEED.of(42L), Parameters.HEIGHT.of(504)),
            Requests.of(
                "a", 0, "a cat", "blurry", Parameters.SEED.of(42L), Parameters.WIDTH.of(504)),
            Requests.of(
                "a", 0, "a cat", "blurry", Parameters.SEED.of(42L), Parameters.ETA.of(1.0)));
    Set<String> hashes = new HashSet<>();
    others.forEach(request -> hashes.add(hash(request)));
    hashes.add(hash(REQUEST));
    hashes.add(RequestHash.of(REQUEST, Map.of("beta_start", 0.0009), "float32", "abc"));
    hashes.add(RequestHash.of(REQUEST, SCHEDULER, "bfloat16", "abc"));
    hashes.add(RequestHash.of(REQUEST, SCHEDULER, "float32", "abd"));

    assertThat(hashes).hasSize(others.size() + 4);
  }

  /** The images that these hashes named had the negative prompt's share. */
  @Test
  void guidanceBelowOneHasAHashOfItsOwn() {
    String json =
        "{\"dtype\":\"float32\",\"eta\":0,%s\"guidance_rescale\":0,\"guidance_scale\":%s,"
            + "\"height\":512,\"image_index\":0,\"image_version\":1,\"model_digest\":\"abc\","
            + "\"negative_prompt\":\"blurry\",\"num_inference_steps\":50,\"prompt\":\"a cat\","
            + "\"scheduler\":\"ddim\",\"scheduler_config\":{\"beta_start\":0.00085},\"seed\":42,"
            + "\"width\":512}";

    assertThat(hash(guided(1.0))).isEqualTo(Sha256.of(json.formatted("", "1")));
    assertThat(hash(guided(0.5)))
        .isEqualTo(Sha256.of(json.formatted("\"guidance\":\"none\",", "0.5")));
    assertThat(hash(guided(0.0)))
        .isEqualTo(Sha256.of(json.formatted("\"guidance\":\"none\",", "0")));
  }

  private static ImageRequest guided(double scale) {
    return Requests.of(
        "a", 0, "a cat", "blurry", Parameters.SEED.of(42L), Parameters.GUIDANCE_SCALE.of(scale));
  }

  private static String hash(ImageRequest request) {
    return RequestHash.of(request, SCHEDULER, "float32", "abc");
  }
}
