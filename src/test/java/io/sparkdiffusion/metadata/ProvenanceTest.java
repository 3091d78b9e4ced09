package io.sparkdiffusion.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProvenanceTest {

  @Test
  void writesSortedJsonAndReadsItBack() {
    Map<String, Object> scheduler = new HashMap<>();
    scheduler.put("trained_betas", null);
    scheduler.put("beta_start", 0.00085);
    scheduler.put("steps", List.of(1, 2));
    Provenance provenance =
        new Provenance(
            new Provenance.Versions("0.1.0", 1, "0.36.0", "2.7.1", "17.0.9"),
            new Provenance.Computation("cuda:0", "NVIDIA H200", "float16", 8, 16),
            "abc",
            scheduler,
            "none");

    String json = provenance.withRequestHash("def").toJson();

    assertThat(json)
        .isEqualTo(
            "{\"computation\":{\"batch_size\":16,\"device\":\"cuda:0\","
                + "\"device_name\":\"NVIDIA H200\",\"dtype\":\"float16\",\"threads\":8},"
                + "\"model_digest\":\"abc\",\"request_hash\":\"def\","
                + "\"scheduler_config\":{\"beta_start\":0.00085,\"steps\":[1,2],"
                + "\"trained_betas\":null},"
                + "\"versions\":{\"djl\":\"0.36.0\",\"image_version\":1,\"java\":\"17.0.9\","
                + "\"libtorch\":\"2.7.1\",\"spark_diffusion\":\"0.1.0\"}}");
    assertThat(Provenance.fromJson(json)).isEqualTo(provenance.withRequestHash("def"));
  }
}
