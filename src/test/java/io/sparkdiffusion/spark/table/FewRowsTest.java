package io.sparkdiffusion.spark.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.LocalSpark;
import java.nio.file.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FewRowsTest {

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  @Test
  void readsASmallTable() {
    Dataset<Row> rows = stored(24, "concat('fox ', id)");
    assertThat(FewRows.of(rows).orElseThrow())
        .containsExactlyInAnyOrderElementsOf(rows.collectAsList());
  }

  @Test
  void leavesManyRowsToSpark() {
    assertThat(FewRows.of(stored(FewRows.MOST, "'fox'"))).isPresent();
    assertThat(FewRows.of(stored(FewRows.MOST + 1, "'fox'"))).isEmpty();
  }

  @Test
  void leavesLargeTextsThatAreStoredOnceToSpark() {
    Dataset<Row> rows = stored(300, "named_struct('texts', array(repeat('fox ', 10000)))");
    assertThat(rows.queryExecution().optimizedPlan().stats().sizeInBytes().toLong())
        .isLessThan(FewRows.MOST_BYTES);
    assertThat(FewRows.of(rows)).isEmpty();
  }

  @Test
  void leavesATableOfUnknownSizeToSpark() {
    Dataset<Row> rows =
        spark.createDataFrame(stored(3, "'fox'").toJavaRDD(), stored(3, "'fox'").schema());
    assertThat(FewRows.of(rows)).isEmpty();
  }

  private Dataset<Row> stored(long count, String prompt) {
    String path = folder.resolve("rows" + count).toString();
    spark
        .range(0, count, 1, 3)
        .selectExpr("cast(id as string) as id", prompt + " as prompt")
        .write()
        .mode("overwrite")
        .parquet(path);
    return spark.read().parquet(path);
  }
}
