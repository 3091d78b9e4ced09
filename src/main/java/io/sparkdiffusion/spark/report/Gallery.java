package io.sparkdiffusion.spark.report;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.input_file_name;
import static org.apache.spark.sql.functions.max_by;
import static org.apache.spark.sql.functions.struct;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.output.OutputFolder;
import io.sparkdiffusion.spark.output.ResultStore;
import io.sparkdiffusion.spark.plan.PlannedImages;
import io.sparkdiffusion.spark.plan.RunCounts;
import io.sparkdiffusion.spark.table.ResultColumns;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Shows an output folder's images in a page, {@code index.html}. They come in the order of the
 * table of prompts; images of rows that are no longer in it come after them, by their ids.
 */
public final class Gallery {

  /** What a browser shows quickly. */
  private static final int MOST_IMAGES = 10_000;

  /** The column that says which of the result's files has a row. */
  static final String FILE = "file";

  private static final String PLACE = "place";
  private static final String[] IMAGE = {"id", "image_index"};
  private static final StructType PLACES =
      new StructType()
          .add(IMAGE[0], DataTypes.StringType)
          .add(IMAGE[1], DataTypes.IntegerType)
          .add(PLACE, DataTypes.IntegerType);

  /** No pixels: they would travel with every row. */
  private static final StructType READ =
      new StructType(
              Stream.concat(GalleryPage.COLUMNS.stream(), Stream.of("provenance"))
                  .map(name -> ResultColumns.SCHEMA.apply(name))
                  .toArray(StructField[]::new))
          .add("image", new StructType().add("path", DataTypes.StringType));

  private final Run run;
  private final PlannedImages planned;
  private final int mostImages;

  /**
   * The run that writes the page.
   *
   * @param seconds so far
   */
  public record Run(JobConfig config, Model model, RunCounts counts, RunSeconds seconds) {}

  /**
   * A page of all images, or of the first ones where there are many.
   *
   * @param planned all images that the table asks for
   */
  public Gallery(Run run, PlannedImages planned) {
    this(run, planned, MOST_IMAGES);
  }

  Gallery(Run run, PlannedImages planned, int mostImages) {
    this.run = run;
    this.planned = planned;
    this.mostImages = mostImages;
  }

  /**
   * Writes the page, and the thumbnails that it needs.
   *
   * @return whether there are any rows to show
   */
  public boolean write(ResultStore rows, OutputFolder output) throws IOException {
    Optional<Dataset<Row>> all = rows.rows(READ);
    if (all.isEmpty()) {
      return false;
    }
    Dataset<Row> newest = newest(all.get().withColumn(FILE, input_file_name()));
    List<Row> shown = shown(newest);
    long leftOut = shown.size() == mostImages ? newest.count() - mostImages : 0;
    ThumbnailSource source = new ThumbnailSource(rows, leftOut == 0);
    Thumbnails thumbnails = Thumbnails.make(shown, source, output);
    output.writeText("index.html", new GalleryPage(run, leftOut, thumbnails).html(shown));
    thumbnails.removeOthers();
    return true;
  }

  /** The newest row of each image. */
  private static Dataset<Row> newest(Dataset<Row> rows) {
    Column all =
        struct(Arrays.stream(rows.columns()).map(name -> col(name)).toArray(Column[]::new));
    return rows.groupBy("id", "image_index")
        .agg(max_by(all, col("run_id")).as("newest"))
        .select("newest.*");
  }

  private List<Row> shown(Dataset<Row> newest) {
    return newest
        .join(broadcast(places(newest)), IMAGE, "left_outer")
        .orderBy(col(PLACE).asc_nulls_last(), col(IMAGE[0]), col(IMAGE[1]))
        .limit(mostImages)
        .collectAsList();
  }

  /** The first images of the table. */
  private Dataset<Row> places(Dataset<Row> newest) {
    List<Row> first = planned.inOrder(mostImages);
    List<Row> places =
        IntStream.range(0, first.size())
            .mapToObj(i -> RowFactory.create(first.get(i).get(0), first.get(i).get(1), i))
            .toList();
    return newest.sparkSession().createDataFrame(places, PLACES);
  }
}
