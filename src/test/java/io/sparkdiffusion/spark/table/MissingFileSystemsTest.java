package io.sparkdiffusion.spark.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ImageConfig;
import io.sparkdiffusion.config.LoraConfig;
import io.sparkdiffusion.config.LoraUnmatched;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.VersionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Spark's own jars have none of these file systems. */
class MissingFileSystemsTest {

  private final Configuration hadoop = new Configuration();

  @ParameterizedTest
  @CsvSource({
    "s3a, add it with -- --packages org.apache.hadoop:hadoop-aws:VERSION",
    "abfs, add it with -- --packages org.apache.hadoop:hadoop-azure:VERSION",
    "abfss, add it with -- --packages org.apache.hadoop:hadoop-azure:VERSION",
    "gs, add it with -- --packages com.google.cloud.bigdataoss:gcs-connector:hadoop3-2.2.26",
    "s3, write s3a:// outside of Amazon's own services",
  })
  void namesWhatBringsThem(String scheme, String fix) {
    assertThatThrownBy(() -> refuse(scheme + "://key@bucket/out"))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot use output_dir %s://bucket/out: Spark must have the file system, %s (%1$s)",
            scheme, fix.replace("VERSION", VersionInfo.getVersion()));
  }

  @Test
  void looksAtWhatIsAddedToo() {
    LoraConfig loras =
        LoraConfig.parse(
            List.of("gs://b/a.safetensors:2", "a.safetensors", "o/n/a.safetensors"),
            LoraUnmatched.REFUSE);
    assertThatThrownBy(() -> MissingFileSystems.refuse(loras, hadoop))
        .hasMessage(
            "Cannot use loras gs://b/a.safetensors: Spark must have the file system, add it with -- --packages com.google.cloud.bigdataoss:gcs-connector:hadoop3-2.2.26 (gs)");
    ModelConfig model =
        ImageConfig.of(
                Map.of(
                    "pretrained_model_name_or_path",
                    "m",
                    "loras",
                    "s3a://b/a.safetensors,s3://b/a.safetensors",
                    "embeddings",
                    "gs://b/e.safetensors",
                    "controlnets",
                    "abfs://b/edges:0.5,org/edges"),
                "test")
            .model();
    assertThatThrownBy(() -> MissingFileSystems.refuse(model, "modelUrl", hadoop))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .hasSize(4)
                    .anyMatch(
                        line -> line.startsWith("Cannot use embeddings gs://b/e.safetensors:"))
                    .anyMatch(line -> line.startsWith("Cannot use controlnets abfs://b/edges:")));
    assertThatThrownBy(() -> MissingFileSystems.refuseAdditions(model, hadoop))
        .isInstanceOfSatisfying(ProblemsException.class, e -> assertThat(e.problems()).hasSize(4));
  }

  @Test
  void takesOthersAndThoseThatAreThere() {
    hadoop.set("fs.s3a.impl", RawLocalFileSystem.class.getName());
    for (String path : new String[] {"s3a://b/o", "hdfs://h/o", "output", "s4a://b/o", "/a:/b"}) {
      assertThatCode(() -> refuse(path)).as(path).doesNotThrowAnyException();
    }
  }

  private void refuse(String path) {
    MissingFileSystems.refuse("output_dir", path, hadoop);
  }
}
