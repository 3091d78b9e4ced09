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
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import scala.Tuple2;

/**
 * Draws thumbnails of the input images that are files: tasks read them again. Those that lie in the
 * table of prompts are left out.
 */
final class InputImages {

  private final SparkSession spark;
  private final Map<String, Wanted> wanted = new LinkedHashMap<>();

  /** A file as it has been used. */
  private record Wanted(
      InputImage input, String path, String sha256, String fit, int width, int height)
      implements Serializable {

    String key() {
      return Sha256.of("%s %s %s %s".formatted(sha256, fit, width, height));
    }
  }

  /** A thumbnail that is asked for. */
  private record Asked(Wanted image, Thumbnails.Place place) implements Serializable {}

  private InputImages(SparkSession spark) {
    this.spark = spark;
  }

  /** Those of the page's rows. */
  static InputImages of(List<Row> shown, SparkSession spark) {
    InputImages images = new InputImages(spark);
    for (Row row : shown) {
      wanted(row).forEach((input, one) -> images.wanted.put(one.key(), one));
    }
    return images;
  }

  private static Map<InputImage, Wanted> wanted(Row row) {
    Map<InputImage, Wanted> files = new EnumMap<>(InputImage.class);
    for (InputImage input : InputImage.values()) {
      String path = row.getAs(input.path().name());
      if (path != null && !path.isEmpty()) {
        files.put(input, wanted(input, row));
      }
    }
    return files;
  }

  private static Wanted wanted(InputImage input, Row row) {
    int scale = scale(row);
    return new Wanted(
        input,
        row.getAs(input.path().name()),
        row.getAs(input.sha256().name()),
        row.getAs(Parameters.INIT_IMAGE_FIT.name()),
        row.<Integer>getAs(Parameters.WIDTH.name()) / scale,
        row.<Integer>getAs(Parameters.HEIGHT.name()) / scale);
  }

  /** How many times larger a row's image is than its input images, on each side. */
  static int scale(Row row) {
    return Start.of(ImageColumns.values(row)).scale();
  }

  /** What the input images of a row that are files are called here, in order. */
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
   * @return JPEG files by the sheets' numbers
   */
  Iterator<Tuple2<Integer, byte[]>> draw(Map<String, Thumbnails.Place> places) {
    List<Asked> asked = new ArrayList<>();
    places.forEach((key, place) -> asked.add(new Asked(wanted.get(key), place)));
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    int tasks = Math.min(asked.size(), context.defaultParallelism());
    InputFiles files = InputFiles.ofWorkingFolder(spark.sessionState().newHadoopConf());
    return context
        .parallelize(asked, tasks)
        .flatMapToPair(new Shrink(files))
        .groupByKey(tasks)
        .mapValues(new ThumbnailSource.Draw())
        .toLocalIterator();
  }

  /** What is not there any more, or has changed, is left out. */
  private record Shrink(InputFiles files)
      implements PairFlatMapFunction<Asked, Integer, ThumbnailSource.Small> {

    @Override
    public Iterator<Tuple2<Integer, ThumbnailSource.Small>> call(Asked asked) {
      Wanted image = asked.image();
      byte[] rgb;
      try {
        byte[] file = files.read(image.input(), image.path());
        if (!Sha256.of(file).equals(image.sha256())) {
          return Collections.emptyIterator();
        }
        rgb = InputReader.fitted(image.input(), file, image.fit(), image.width(), image.height());
      } catch (UnusableImageException e) {
        return Collections.emptyIterator();
      }
      RgbImage shrunk = ThumbnailSheet.shrunk(new RgbImage(image.width(), image.height(), rgb));
      return List.of(
              new Tuple2<>(
                  asked.place().sheet(),
                  new ThumbnailSource.Small(
                      asked.place(), shrunk.widthPixels(), shrunk.heightPixels(), shrunk.rgb())))
          .iterator();
    }
  }
}
