package io.sparkdiffusion.spark.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.Values;
import io.sparkdiffusion.testing.Requests;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;

class ImageColumnsTest {

  /** A new parameter was as usual before there was one. */
  @Test
  void rowsOfEarlierVersionsHaveUsualValues() {
    ImageRequest request = Requests.of("a", 0, "fox", "", Parameters.ETA.of(0.5));
    Row planned = RequestColumns.of(request, "hash", List.of());
    Object[] cells = new Object[ImageColumns.SCHEMA.size()];
    Arrays.setAll(cells, planned::get);
    cells[ImageColumns.SCHEMA.fieldIndex("vae_tiling")] = null;
    Values values = ImageColumns.values(RowFactory.create(cells), ImageColumns.SCHEMA::fieldIndex);

    assertThat(values).isEqualTo(request.values());
  }
}
