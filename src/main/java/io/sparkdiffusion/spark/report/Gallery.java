package io.sparkdiffusion.spark.report;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.input_file_name;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.udf;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.output.OutputFolder;
import io.sparkdiffusion.spark.output.ResultStore;
import io.sparkdiffusion.spark.plan.PlannedImages;
import io.sparkdiffusion.spark.plan.RunCounts;
import io.sparkdiffusion.spark.table.ResultColumns;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.api.java.UDF3;
import org.apache.spark.sql.expressions.UserDefinedFunction;
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
  private static final String[] KEY = {IMAGE[0], IMAGE[1], ResultStore.RUN_ID};

  /** What tells rows apart; the others' columns are read of the shown ones alone. */
  private static final StructType KEYS =
      new StructType()
          .add(KEY[0], DataTypes.StringType)
          .add(KEY[1], DataTypes.IntegerType)
          .add(KEY[2], DataTypes.StringType);

  /** No pixels: they would travel with every row. */
  private static final StructType READ =
      new StructType(
              Stream.of(
                      GalleryPage.COLUMNS.stream(),
                      GalleryPage.TOKEN_COUNTS.stream(),
                      Stream.of("provenance"))
                  .flatMap(names -> names)
                  .map(name -> ResultColumns.SCHEMA.apply(name))
                  .toArray(StructField[]::new))
          .add("image", new StructType().add("path", DataTypes.StringType));

  private final Run run;
  private final PlannedImages planned;
  private final Optional<Dataset<Row>> files;
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
   * @param files id and files of each of the table's rows, where it holds any
   */
  public Gallery(Run run, PlannedImages planned, Optional<Dataset<Row>> files) {
    this(run, planned, files, MOST_IMAGES);
  }

  Gallery(Run run, PlannedImages planned, Optional<Dataset<Row>> files, int mostImages) {
    this.run = run;
    this.planned = planned;
    this.files = files;
    this.mostImages = mostImages;
  }

  /**
   * Writes the page, and the thumbnails that it needs.
   *
   * @return whether there are any rows to show
   */
  public boolean write(ResultStore rows, OutputFolder output) throws IOException {
    Optional<Dataset<Row>> keys = rows.rows(KEYS);
    if (keys.isEmpty()) {
      return false;
    }
    Dataset<Row> newest = newest(keys.get());
    List<Row> inOrder = planned.inOrder(mostImages);
    List<Row> first = first(newest, inOrder);
    long leftOut = first.size() == mostImages ? newest.count() - mostImages : 0;
    List<Row> shown = whole(first, rows);
    ThumbnailSource source = new ThumbnailSource(rows, leftOut == 0);
    InputImages inputs = InputImages.of(shown, rows.session(), tableFiles(inOrder));
    Thumbnails thumbnails = Thumbnails.make(shown, source, inputs, output);
    output.writeText("index.html", new GalleryPage(run, leftOut, thumbnails).html(shown));
    thumbnails.removeOthers();
    return true;
  }

  /** The newest row of each image: its key and its file. */
  private static Dataset<Row> newest(Dataset<Row> keys) {
    return keys.withColumn(FILE, input_file_name())
        .groupBy(IMAGE[0], IMAGE[1])
        .agg(max(struct(col(KEY[2]), col(FILE))).as("newest"))
        .select(IMAGE[0], IMAGE[1], "newest.*");
  }

  private Optional<TableFiles> tableFiles(List<Row> inOrder) {
    return files.map(
        table -> {
          Map<String, Integer> partitions = new HashMap<>();
          inOrder.stream()
              .filter(row -> !row.isNullAt(2))
              .forEach(row -> partitions.put(row.getString(0), row.getInt(2)));
          return new TableFiles(table, partitions);
        });
  }

  private List<Row> first(Dataset<Row> newest, List<Row> inOrder) {
    UserDefinedFunction place =
        udf(new Places(broadcast(newest.sparkSession(), places(inOrder))), DataTypes.IntegerType);
    return newest
        .withColumn(PLACE, place.apply(col(IMAGE[0]), col(IMAGE[1])))
        .orderBy(col(PLACE).asc_nulls_last(), col(IMAGE[0]), col(IMAGE[1]))
        .drop(PLACE)
        .limit(mostImages)
        .collectAsList();
  }

  private static Map<Row, Integer> places(List<Row> first) {
    Map<Row, Integer> places = new HashMap<>();
    for (int i = 0; i < first.size(); i++) {
      places.put(RowFactory.create(first.get(i).get(0), first.get(i).get(1)), i);
    }
    return places;
  }

  /** All that the page says of some rows, read from their files where that is possible. */
  private static List<Row> whole(List<Row> shown, ResultStore rows) {
    if (shown.isEmpty()) {
      return List.of();
    }
    List<Row> keys = shown.stream().map(Gallery::key).toList();
    List<String> files =
        rows.readsByFile()
            ? shown.stream().map(row -> ThumbnailSource.file(row.getAs(FILE))).distinct().toList()
            : List.of();
    UserDefinedFunction isShown =
        udf(new Shown(broadcast(rows.session(), new HashSet<>(keys))), DataTypes.BooleanType);
    Map<Row, Row> whole = new HashMap<>();
    rows.rowsOf(files, READ)
        .withColumn(FILE, input_file_name())
        .filter(isShown.apply(col(KEY[0]), col(KEY[1]), col(KEY[2])))
        .collectAsList()
        .forEach(row -> whole.put(key(row), row));
    return keys.stream().map(whole::get).toList();
  }

  private static Row key(Row row) {
    return RowFactory.create(row.getAs(KEY[0]), row.getAs(KEY[1]), row.getAs(KEY[2]));
  }

  /** A join with what the driver holds would be a job of Spark's more. */
  private static <T> Broadcast<T> broadcast(SparkSession spark, T value) {
    return JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(value);
  }

  private record Places(Broadcast<Map<Row, Integer>> all)
      implements UDF2<String, Integer, Integer> {

    @Override
    public Integer call(String id, Integer imageIndex) {
      return all.value().get(RowFactory.create(id, imageIndex));
    }
  }

  private record Shown(Broadcast<Set<Row>> keys) implements UDF3<String, Integer, String, Boolean> {

    @Override
    public Boolean call(String id, Integer imageIndex, String runId) {
      return keys.value().contains(RowFactory.create(id, imageIndex, runId));
    }
  }
}
