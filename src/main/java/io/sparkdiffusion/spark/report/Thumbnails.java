package io.sparkdiffusion.spark.report;

import io.sparkdiffusion.config.Counted;
import io.sparkdiffusion.image.ThumbnailSheet;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.spark.output.OutputFolder;
import io.sparkdiffusion.util.Sha256;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.spark.sql.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * Small images for the page, of those that are in rows alone and of input images: sheets in the
 * folder {@code thumbnails}. A sheet is named by what is in it, so one that is there is not made
 * again, and by which of its places are empty, if any, since those are not shown.
 */
final class Thumbnails {

  static final String FOLDER = "thumbnails";

  private static final Logger LOG = LoggerFactory.getLogger(Thumbnails.class);
  private static final Pattern NAME = Pattern.compile("([0-9a-f]{16})(?:-([0-9a-f]{16}))?\\.jpg");

  private final OutputFolder output;
  private final Map<String, Place> places = new HashMap<>();
  private final List<Sheet> sheets = new ArrayList<>();

  private Thumbnails(OutputFolder output) {
    this.output = output;
  }

  /**
   * Where an image's thumbnail is.
   *
   * @param number its place in the sheet
   * @param ofPlaces how many there are
   */
  record Place(int sheet, int number, int ofPlaces) implements Serializable {}

  /**
   * A file of thumbnails.
   *
   * @param images the SHA-256 of each, by its place
   * @param drawn the places that have one, one bit for each
   */
  record Sheet(List<String> images, long drawn) {

    static Sheet of(List<String> images) {
      return new Sheet(images, whole(images));
    }

    private static long whole(List<String> images) {
      return -1L >>> (Long.SIZE - images.size());
    }

    /** The same as it has been drawn, where one of these files is this sheet's. */
    Optional<Sheet> among(List<String> files) {
      String hash = hash();
      return files.stream()
          .map(NAME::matcher)
          .filter(name -> name.matches() && name.group(1).equals(hash))
          .map(name -> name.group(2) == null ? of(images) : new Sheet(images, bits(name.group(2))))
          .findFirst();
    }

    private static long bits(String hex) {
      return Long.parseUnsignedLong(hex, 16);
    }

    boolean has(Place place) {
      return (drawn >>> place.number() & 1) == 1;
    }

    private String hash() {
      return Sha256.of(String.join("\n", images)).substring(0, 16);
    }

    String name() {
      String empty = drawn == whole(images) ? "" : "-%016x".formatted(drawn);
      return hash() + empty + ".jpg";
    }

    String path() {
      return FOLDER + "/" + name();
    }

    ThumbnailSheet.Area area() {
      return ThumbnailSheet.whole(images.size());
    }
  }

  /**
   * Makes the thumbnails that are missing.
   *
   * @param shown the page's rows
   * @param source of their pixels
   * @param inputs what they were given
   * @throws IOException where a sheet cannot be written
   */
  static Thumbnails make(
      List<Row> shown, ThumbnailSource source, InputImages inputs, OutputFolder output)
      throws IOException {
    Map<String, String> files = new LinkedHashMap<>();
    shown.stream()
        .filter(GalleryPage::isInRowAlone)
        .forEach(row -> files.put(row.getAs("sha256"), row.getAs(Gallery.FILE)));
    Thumbnails thumbnails = new Thumbnails(output);
    if (!files.isEmpty()) {
      thumbnails.arrange(source.readable(files));
      thumbnails.draw(drawn -> source.draw(drawn, files));
    }
    if (!inputs.keys().isEmpty()) {
      Thumbnails beside = new Thumbnails(output);
      beside.arrange(inputs.keys());
      beside.draw(inputs::draw);
      thumbnails.add(beside);
    }
    return thumbnails;
  }

  /** Those of another kind, behind these. */
  private void add(Thumbnails others) {
    int before = sheets.size();
    sheets.addAll(others.sheets);
    others.places.forEach(
        (key, place) ->
            places.put(key, new Place(before + place.sheet(), place.number(), place.ofPlaces())));
  }

  private interface Drawing {
    Iterator<Tuple2<Integer, ThumbnailSource.Drawn>> draw(Map<String, Place> places)
        throws IOException;
  }

  private void arrange(List<String> images) {
    for (int begin = 0; begin < images.size(); begin += ThumbnailSheet.PLACES) {
      int end = Math.min(begin + ThumbnailSheet.PLACES, images.size());
      Sheet sheet = Sheet.of(List.copyOf(images.subList(begin, end)));
      for (int number = 0; number < sheet.images().size(); number++) {
        places.put(sheet.images().get(number), new Place(sheets.size(), number, end - begin));
      }
      sheets.add(sheet);
    }
  }

  /** A page without some thumbnails is better than a run that fails at its end. */
  private void draw(Drawing drawing) throws IOException {
    Set<Integer> missing = missing();
    Map<String, Place> drawn = new HashMap<>(places);
    drawn.values().removeIf(place -> !missing.contains(place.sheet()));
    if (!drawn.isEmpty()) {
      LOG.info("Making thumbnails of {}", Counted.of(drawn.size(), "image"));
      try {
        write(drawing.draw(drawn), missing);
      } catch (IOException e) {
        throw e;
      } catch (Exception e) {
        // Spark throws checked exceptions that it does not declare.
        LOG.warn("Cannot make all thumbnails of index.html: {}", Failures.reason(e));
      }
    }
    places
        .values()
        .removeIf(
            place -> missing.contains(place.sheet()) || !sheets.get(place.sheet()).has(place));
  }

  private void write(Iterator<Tuple2<Integer, ThumbnailSource.Drawn>> drawn, Set<Integer> missing)
      throws IOException {
    while (drawn.hasNext()) {
      Tuple2<Integer, ThumbnailSource.Drawn> next = drawn.next();
      Sheet sheet = new Sheet(sheets.get(next._1()).images(), next._2().places());
      sheets.set(next._1(), sheet);
      output.writeFile(sheet.path(), next._2().jpeg());
      missing.remove(next._1());
    }
  }

  /** The numbers of the sheets that are not there yet. */
  private Set<Integer> missing() throws IOException {
    List<String> known = output.files(FOLDER);
    Set<Integer> missing = new HashSet<>();
    for (int i = 0; i < sheets.size(); i++) {
      Sheet sheet = sheets.get(i);
      Optional<Sheet> there = sheet.among(known);
      sheets.set(i, there.orElse(sheet));
      if (there.isEmpty()) {
        missing.add(i);
      }
    }
    return missing;
  }

  /** All sheets, by their numbers. */
  List<Sheet> sheets() {
    return sheets;
  }

  /** Where a row's thumbnail is, nothing where it has none. */
  Optional<Place> place(Row row) {
    return Optional.ofNullable(places.get(row.<String>getAs("sha256")));
  }

  /** The same of its input images, of those that have one. */
  Map<InputImage, Place> inputPlaces(Row row) {
    Map<InputImage, Place> found = new EnumMap<>(InputImage.class);
    InputImages.keys(row)
        .forEach(
            (input, key) ->
                Optional.ofNullable(places.get(key)).ifPresent(place -> found.put(input, place)));
    return found;
  }

  /** Removes the sheets that the page does not name, once it is written. */
  void removeOthers() throws IOException {
    Set<String> named = new HashSet<>();
    places.values().forEach(place -> named.add(sheets.get(place.sheet()).name()));
    for (String file : output.files(FOLDER)) {
      if (NAME.matcher(file).matches() && !named.contains(file)) {
        output.delete(FOLDER + "/" + file);
      }
    }
  }
}
