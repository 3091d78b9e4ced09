package io.sparkdiffusion.spark.report;

import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.image.ThumbnailSheet;
import io.sparkdiffusion.spark.output.ResultStore;
import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.Tuple2;

/** Draws thumbnails of images that are in result rows; tasks read and shrink them. */
final class ThumbnailSource {

  /** Ten thousand images of 512 x 512 pixels; of a larger result, the first ones that fit. */
  private static final long MOST_BYTES = 4L << 30;

  private static final StructType READ =
      new StructType()
          .add("sha256", DataTypes.StringType)
          .add("image", new StructType().add("bytes", DataTypes.BinaryType));

  private final ResultStore rows;
  private final boolean isAll;
  private final long mostBytes;

  /**
   * Reads of a store's rows.
   *
   * @param isAll whether all rows are shown, or the first ones of many
   */
  ThumbnailSource(ResultStore rows, boolean isAll) {
    this(rows, isAll, MOST_BYTES);
  }

  ThumbnailSource(ResultStore rows, boolean isAll, long mostBytes) {
    this.rows = rows;
    this.isAll = isAll;
    this.mostBytes = mostBytes;
  }

  /**
   * Those of some images that can be had without reading too much. Where only the first of many
   * rows are shown, they lie in files with many others: these are read up to a limit. A table's
   * files cannot be chosen.
   *
   * @param files for each image's SHA-256 the file that has its row
   */
  List<String> readable(Map<String, String> files) throws IOException {
    if (isAll) {
      return List.copyOf(files.keySet());
    }
    if (!rows.readsByFile()) {
      return List.of();
    }
    Configuration hadoop = rows.session().sessionState().newHadoopConf();
    Map<String, Boolean> isRead = new HashMap<>();
    long bytes = 0;
    for (String file : files.values()) {
      if (!isRead.containsKey(file)) {
        Path path = path(file);
        long size = path.getFileSystem(hadoop).getFileStatus(path).getLen();
        isRead.put(file, bytes + size <= mostBytes);
        bytes += size;
        if (bytes > mostBytes) {
          break;
        }
      }
    }
    return files.keySet().stream()
        .filter(image -> isRead.getOrDefault(files.get(image), false))
        .toList();
  }

  /** A file's path by Spark's name of it. */
  static String file(String name) {
    return path(name).toString();
  }

  /** Spark writes its names of files as addresses. */
  private static Path path(String file) {
    return new Path(URI.create(file));
  }

  /**
   * Draws sheets, one after another.
   *
   * @param places of the images that are drawn, by their SHA-256
   * @param files for each image the file that has its row
   * @return sheets by their numbers
   */
  Iterator<Tuple2<Integer, Drawn>> draw(
      Map<String, Thumbnails.Place> places, Map<String, String> files) throws IOException {
    SparkContext context = rows.session().sparkContext();
    int sheets = (int) places.values().stream().map(Thumbnails.Place::sheet).distinct().count();
    Broadcast<Map<String, Thumbnails.Place>> asked =
        JavaSparkContext.fromSparkContext(context).broadcast(new HashMap<>(places));
    return rows.rowsOf(rows.readsByFile() ? paths(places, files) : List.of(), READ)
        .select("sha256", "image.bytes")
        .toJavaRDD()
        .flatMapToPair(new Shrink(asked))
        .groupByKey(Math.min(sheets, context.defaultParallelism()))
        .mapValues(new Draw())
        .toLocalIterator();
  }

  private static List<String> paths(
      Map<String, Thumbnails.Place> places, Map<String, String> files) {
    return places.keySet().stream().map(image -> file(files.get(image))).distinct().toList();
  }

  /** An image as it stands in its sheet. */
  @SuppressWarnings("ArrayRecordComponent") // It travels once, nobody compares it.
  record Small(Thumbnails.Place place, int width, int height, byte[] rgb) implements Serializable {}

  private record Shrink(Broadcast<Map<String, Thumbnails.Place>> places)
      implements PairFlatMapFunction<Row, Integer, Small> {

    @Override
    public Iterator<Tuple2<Integer, Small>> call(Row row) throws IOException {
      Thumbnails.Place place = places.value().get(row.getString(0));
      if (place == null || row.isNullAt(1)) {
        return Collections.emptyIterator();
      }
      RgbImage shrunk = ThumbnailSheet.shrunk(row.<byte[]>getAs(1));
      Small small = new Small(place, shrunk.widthPixels(), shrunk.heightPixels(), shrunk.rgb());
      return List.of(new Tuple2<>(place.sheet(), small)).iterator();
    }
  }

  /**
   * A sheet's file.
   *
   * @param places that have an image, one bit for each
   */
  @SuppressWarnings("ArrayRecordComponent") // It travels once, nobody compares it.
  record Drawn(byte[] jpeg, long places) implements Serializable {}

  record Draw() implements Function<Iterable<Small>, Drawn> {

    @Override
    public Drawn call(Iterable<Small> smalls) throws IOException {
      Map<Integer, RgbImage> images = new HashMap<>();
      int places = 0;
      long drawn = 0;
      for (Small small : smalls) {
        RgbImage image = new RgbImage(small.width(), small.height(), small.rgb());
        images.put(small.place().number(), image);
        places = small.place().ofPlaces();
        drawn |= 1L << small.place().number();
      }
      return new Drawn(ThumbnailSheet.jpeg(images, places), drawn);
    }
  }
}
