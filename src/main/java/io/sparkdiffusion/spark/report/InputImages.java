package io.sparkdiffusion.spark.report;

import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.image.ThumbnailSheet;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.Start;
import io.sparkdiffusion.spark.executor.InputReader;
import io.sparkdiffusion.spark.table.ImageColumns;
import io.sparkdiffusion.spark.table.InputFiles;
import io.sparkdiffusion.spark.table.UnusableImageException;
import io.sparkdiffusion.util.Sha256;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/**
 * Draws thumbnails of input images: tasks read again those that are files, and the rows of the
 * table of prompts that hold the others.
 */
final class InputImages {

  private final SparkSession spark;
  private final Optional<TableFiles> table;
  private final Map<String, Wanted> wanted = new LinkedHashMap<>();

  /**
   * A file as it has been used.
   *
   * @param path where it is, empty where its row of the table holds it
   */
  private record Wanted(
      InputImage input, String id, String path, String sha256, String fit, int width, int height)
      implements Serializable {

    String key() {
      return Sha256.of("%s %s %s %s".formatted(sha256, fit, width, height));
    }

    boolean isInTable() {
      return path.isEmpty();
    }
  }

  /** A thumbnail that is asked for. */
  private record Asked(Wanted image, Thumbnails.Place place) implements Serializable {

    /** Small, or nothing where the file has changed or cannot be shown as it has been used. */
    Optional<Tuple2<Integer, ThumbnailSource.Small>> shrunk(byte[] file) {
      byte[] rgb;
      try {
        InputFiles.requireSize(image.input(), file.length, "");
        if (!Sha256.of(file).equals(image.sha256())) {
          return Optional.empty();
        }
        rgb = InputReader.fitted(image.input(), file, image.fit(), image.width(), image.height());
      } catch (UnusableImageException e) {
        return Optional.empty();
      }
      RgbImage small = ThumbnailSheet.shrunk(new RgbImage(image.width(), image.height(), rgb));
      return Optional.of(
          new Tuple2<>(
              place.sheet(),
              new ThumbnailSource.Small(
                  place, small.widthPixels(), small.heightPixels(), small.rgb())));
    }
  }

  private InputImages(SparkSession spark, Optional<TableFiles> table) {
    this.spark = spark;
    this.table = table;
  }

  /** Those of the page's rows. */
  static InputImages of(List<Row> shown, SparkSession spark, Optional<TableFiles> table) {
    InputImages images = new InputImages(spark, table);
    for (Row row : shown) {
      wanted(row).values().stream()
          .filter(images::isReadable)
          .forEach(one -> images.wanted.putIfAbsent(one.key(), one));
    }
    return images;
  }

  private boolean isReadable(Wanted image) {
    return !image.isInTable() || table.filter(rows -> rows.has(image.id())).isPresent();
  }

  private static Map<InputImage, Wanted> wanted(Row row) {
    Map<InputImage, Wanted> files = new EnumMap<>(InputImage.class);
    for (InputImage input : InputImage.values()) {
      String sha256 = row.getAs(input.sha256().name());
      if (sha256 != null && !sha256.isEmpty()) {
        files.put(input, wanted(input, row));
      }
    }
    return files;
  }

  private static Wanted wanted(InputImage input, Row row) {
    int scale = scale(row);
    return new Wanted(
        input,
        row.getAs(Parameters.ID.name()),
        Objects.requireNonNullElse(row.getAs(input.path().name()), ""),
        row.getAs(input.sha256().name()),
        row.getAs(Parameters.INIT_IMAGE_FIT.name()),
        row.<Integer>getAs(Parameters.WIDTH.name()) / scale,
        row.<Integer>getAs(Parameters.HEIGHT.name()) / scale);
  }

  /** How many times larger a row's image is than its input images, on each side. */
  static int scale(Row row) {
    return Start.of(ImageColumns.values(row)).scale();
  }

  /** What the input images of a row are called here, in order. */
  static Map<InputImage, String> keys(Row row) {
    Map<InputImage, String> keys = new EnumMap<>(InputImage.class);
    wanted(row).forEach((input, one) -> keys.put(input, one.key()));
    return keys;
  }

  /** All of them. */
  List<String> keys() {
    return List.copyOf(wanted.keySet());
  }

  /**
   * Draws sheets, one after another.
   *
   * @param places of the images that are drawn, by {@link #keys(Row)}
   * @return sheets by their numbers
   */
  Iterator<Tuple2<Integer, ThumbnailSource.Drawn>> draw(Map<String, Thumbnails.Place> places) {
    List<Asked> ofFiles = new ArrayList<>();
    Map<String, List<Asked>> ofTable = new HashMap<>();
    places.forEach(
        (key, place) -> {
          Wanted image = wanted.get(key);
          List<Asked> its =
              image.isInTable()
                  ? ofTable.computeIfAbsent(image.id(), any -> new ArrayList<>())
                  : ofFiles;
          its.add(new Asked(image, place));
        });
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    int tasks = Math.min(places.size(), context.defaultParallelism());
    JavaPairRDD<Integer, ThumbnailSource.Small> files =
        context
            .parallelize(ofFiles, tasks)
            .flatMapToPair(
                new ShrinkFile(InputFiles.ofWorkingFolder(spark.sessionState().newHadoopConf())));
    return (ofTable.isEmpty() ? files : files.union(ofTable(ofTable, context)))
        .groupByKey(tasks)
        .mapValues(new ThumbnailSource.Draw())
        .toLocalIterator();
  }

  private JavaPairRDD<Integer, ThumbnailSource.Small> ofTable(
      Map<String, List<Asked>> asked, JavaSparkContext context) {
    Set<InputImage> inputs =
        asked.values().stream()
            .flatMap(List::stream)
            .map(one -> one.image().input())
            .collect(Collectors.toCollection(() -> EnumSet.noneOf(InputImage.class)));
    return table
        .orElseThrow()
        .around(asked.keySet(), inputs)
        .flatMapToPair(new ShrinkInRow(context.broadcast(asked)));
  }

  /** What is not there any more, or has changed, is left out. */
  private record ShrinkFile(InputFiles files)
      implements PairFlatMapFunction<Asked, Integer, ThumbnailSource.Small> {

    @Override
    public Iterator<Tuple2<Integer, ThumbnailSource.Small>> call(Asked asked) {
      try {
        byte[] file = files.read(asked.image().input(), asked.image().path());
        return asked.shrunk(file).stream().iterator();
      } catch (UnusableImageException e) {
        return Collections.emptyIterator();
      }
    }
  }

  /** The same of rows of the table, by their ids. */
  private record ShrinkInRow(Broadcast<Map<String, List<Asked>>> asked)
      implements PairFlatMapFunction<Row, Integer, ThumbnailSource.Small> {

    @Override
    public Iterator<Tuple2<Integer, ThumbnailSource.Small>> call(Row row) {
      return asked.value().getOrDefault(row.getString(0), List.of()).stream()
          .flatMap(one -> shrunk(one, row.getAs(one.image().input().path().name())))
          .iterator();
    }

    private static Stream<Tuple2<Integer, ThumbnailSource.Small>> shrunk(Asked one, byte[] file) {
      return file == null ? Stream.empty() : one.shrunk(file).stream();
    }
  }
}
