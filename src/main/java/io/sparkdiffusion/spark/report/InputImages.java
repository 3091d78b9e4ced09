package io.sparkdiffusion.spark.report;

import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.image.ThumbnailSheet;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.spark.executor.StartReader;
import io.sparkdiffusion.spark.table.InitImageFiles;
import io.sparkdiffusion.spark.table.UnusableInitImageException;
import io.sparkdiffusion.util.Sha256;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
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
 * Draws thumbnails of the images that others start from, for those that are files: tasks read them
 * again. Those that lie in the table of prompts are left out.
 */
final class InputImages {

  private final SparkSession spark;
  private final Map<String, Wanted> wanted = new LinkedHashMap<>();

  /** A file as its image has been drawn over. */
  private record Wanted(String path, String sha256, String fit, int width, int height)
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
      if (hasFile(row)) {
        Wanted one = wanted(row);
        images.wanted.put(one.key(), one);
      }
    }
    return images;
  }

  private static boolean hasFile(Row row) {
    String path = row.getAs(Parameters.INIT_IMAGE.name());
    return path != null && !path.isEmpty();
  }

  private static Wanted wanted(Row row) {
    return new Wanted(
        row.getAs(Parameters.INIT_IMAGE.name()),
        row.getAs(Parameters.INIT_IMAGE_SHA256.name()),
        row.getAs(Parameters.INIT_IMAGE_FIT.name()),
        row.getAs(Parameters.WIDTH.name()),
        row.getAs(Parameters.HEIGHT.name()));
  }

  /** What the image of a row is called here; an empty text where it starts from no file. */
  static String key(Row row) {
    return hasFile(row) ? wanted(row).key() : "";
  }

  /** All of them. */
  List<String> keys() {
    return List.copyOf(wanted.keySet());
  }

  /**
   * Draws sheets, one after another.
   *
   * @param places of the images that are drawn, by {@link #key}
   * @return JPEG files by the sheets' numbers
   */
  Iterator<Tuple2<Integer, byte[]>> draw(Map<String, Thumbnails.Place> places) {
    List<Asked> asked = new ArrayList<>();
    places.forEach((key, place) -> asked.add(new Asked(wanted.get(key), place)));
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    int tasks = Math.min(asked.size(), context.defaultParallelism());
    InitImageFiles files = InitImageFiles.ofWorkingFolder(spark.sessionState().newHadoopConf());
    return context
        .parallelize(asked, tasks)
        .flatMapToPair(new Shrink(files))
        .groupByKey(tasks)
        .mapValues(new ThumbnailSource.Draw())
        .toLocalIterator();
  }

  /** What is not there any more, or has changed, is left out. */
  private record Shrink(InitImageFiles files)
      implements PairFlatMapFunction<Asked, Integer, ThumbnailSource.Small> {

    @Override
    public Iterator<Tuple2<Integer, ThumbnailSource.Small>> call(Asked asked) throws IOException {
      Wanted image = asked.image();
      byte[] rgb;
      try {
        byte[] file = files.read(image.path());
        if (!Sha256.of(file).equals(image.sha256())) {
          return Collections.emptyIterator();
        }
        rgb = StartReader.fitted(file, image.fit(), image.width(), image.height());
      } catch (UnusableInitImageException e) {
        return Collections.emptyIterator();
      }
      RgbImage whole = new RgbImage(image.width(), image.height(), rgb);
      RgbImage shrunk = ThumbnailSheet.shrunk(PngEncoder.encode(whole, List.of()));
      return List.of(
              new Tuple2<>(
                  asked.place().sheet(),
                  new ThumbnailSource.Small(
                      asked.place(), shrunk.widthPixels(), shrunk.heightPixels(), shrunk.rgb())))
          .iterator();
    }
  }
}
