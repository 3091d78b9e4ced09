package io.sparkdiffusion.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.prompt.ImageRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RequestHashTest {

  private static final Map<String, Object> SCHEDULER = Map.of("beta_start", 0.00085);

  private static final ImageRequest REQUEST =
      new ImageRequest("a", 0, "a cat", "blurry", 42, 50, 7.5, 0.0, 512, 512, "ddim", 0.0);

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
    assertThat(
            hash(
                new ImageRequest(
                    "b", 0, "a cat", "blurry", 42, 50, 7.5, 0.0, 512, 512, "ddim", 0.0)))
        .isEqualTo(hash(REQUEST));
  }

  @Test
  void dependsOnEverythingElse() {
    List<ImageRequest> others =
        List.of(
            new ImageRequest("a", 1, "a cat", "blurry", 42, 50, 7.5, 0, 512, 512, "ddim", 0),
            new ImageRequest("a", 0, "a cow", "blurry", 42, 50, 7.5, 0, 512, 512, "ddim", 0),
            new ImageRequest("a", 0, "a cat", "", 42, 50, 7.5, 0, 512, 512, "ddim", 0),
            new ImageRequest("a", 0, "a cat", "blurry", 43, 50, 7.5, 0, 512, 512, "ddim", 0),
            new ImageRequest("a", 0, "a cat", "blurry", 42, 51, 7.5, 0, 512, 512, "ddim", 0),
            new ImageRequest("a", 0, "a cat", "blurry", 42, 50, 7.4, 0, 512, 512, "ddim", 0),
            new ImageRequest("a", 0, "a cat", "blurry", 42, 50, 7.5, 1, 512, 512, "ddim", 0),
            new ImageRequest("a", 0, "a cat", "blurry", 42, 50, 7.5, 0, 504, 512, "ddim", 0),
            new ImageRequest("a", 0, "a cat", "blurry", 42, 50, 7.5, 0, 512, 504, "ddim", 0),
            new ImageRequest("a", 0, "a cat", "blurry", 42, 50, 7.5, 0, 512, 512, "ddim", 1));
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
    return new ImageRequest("a", 0, "a cat", "blurry", 42, 50, scale, 0.0, 512, 512, "ddim", 0.0);
  }

  private static String hash(ImageRequest request) {
    return RequestHash.of(request, SCHEDULER, "float32", "abc");
  }
}
