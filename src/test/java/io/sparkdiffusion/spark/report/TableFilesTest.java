package io.sparkdiffusion.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.testing.LocalSpark;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;

/** Of a large table the parts are read that hold what is shown. */
class TableFilesTest {

  /** Of six rows, two in a partition. */
  private static final Dataset<Row> TABLE =
      LocalSpark.session()
          .range(0, 6, 1, 3)
          .selectExpr(
              "CAST(id AS STRING) AS id",
              "CAST('image' AS BINARY) AS init_image",
              "CAST('mask' AS BINARY) AS mask_image");

  private final TableFiles files = new TableFiles(TABLE, Map.of("0", 0, "4", 2, "gone", 7));

  @Test
  void readsThePartitionsOfTheRowsAndTheColumnsOfTheirImages() {
    assertThat(files.around(Set.of("4"), Set.of(InputImage.MASK)).collect())
        .allMatch(row -> row.size() == 2 && row.getAs("mask_image") != null)
        .extracting(row -> row.getString(0))
        .containsExactly("4", "5");
    assertThat(files.around(Set.of("4", "0", "gone"), Set.of(InputImage.INIT)).collect())
        .extracting(row -> row.getString(0))
        .containsExactly("0", "1", "4", "5");
  }

  @Test
  void hasTheRowsThatThePlanKnows() {
    assertThat(files.has("0")).isTrue();
    assertThat(files.has("1")).isFalse();
  }
}
