package io.sparkdiffusion.spark.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.testing.LocalSpark;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;

/** Rows that are here and rows that Spark has are checked alike. */
class RowIdsTest {

  private static final StructType SCHEMA =
      new StructType()
          .add("prompt", DataTypes.StringType)
          .add("id", DataTypes.StringType)
          .add(PromptColumns.MALFORMED, DataTypes.StringType);
  private static final PromptColumns COLUMNS =
      new PromptColumns(List.of("prompt", "id"), List.of(), true);

  private final List<Row> rows = new ArrayList<>();

  @Test
  void findsNothingWhereAllIsWell() {
    add("a", "b", "A", " a", "\t");
    assertThat(both()).isEqualTo(new RowIds(0, 0, List.of()));
  }

  @Test
  void countsRowsWithoutAnId() {
    add("a", null, "", "   ", null);
    rows.add(RowFactory.create("fox", null, "a line that is no record"));
    rows.add(RowFactory.create("fox", "has one", "a line that is no record"));
    assertThat(both()).isEqualTo(new RowIds(1, 5, List.of()));
    assertThatThrownBy(() -> both().require("p.csv"))
        .hasMessage("Cannot read prompts p.csv: every line must be a whole record (1 are not)");
  }

  @Test
  void namesTheFirstRepeatedIdsInSparksOrder() {
    for (String id : List.of("\uD83E\uDD8A", "\uFF5A", "z", "é", "a", "b", "c")) {
      add(id, id);
    }
    add("once", null);
    assertThat(both().repeated()).containsExactly("a", "b", "c", "z", "é", "\uFF5A");
    assertThatThrownBy(() -> new RowIds(0, 0, both().repeated()).require("p.csv"))
        .hasMessage(
            "Cannot use prompts p.csv: every id must occur once (repeated: a, b, c, z, é and others)");
  }

  @Test
  void isDoneWithNoRows() {
    assertThat(both()).isEqualTo(new RowIds(0, 0, List.of()));
  }

  private void add(String... ids) {
    for (String id : ids) {
      rows.add(RowFactory.create("fox", id, null));
    }
  }

  private RowIds both() {
    Dataset<Row> table = LocalSpark.session().createDataFrame(rows, SCHEMA);
    RowIds here = RowIds.of(rows, COLUMNS, true);
    assertThat(RowIds.bySpark(table, COLUMNS, true)).isEqualTo(here);
    return here;
  }
}
