package io.sparkdiffusion.spark.report;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkdiffusion.image.ThumbnailSheet;
import io.sparkdiffusion.metadata.GenerationParameters;
import io.sparkdiffusion.metadata.ImageCommand;
import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.ValueType;
import io.sparkdiffusion.request.Values;
import io.sparkdiffusion.spark.table.ImageColumns;
import io.sparkdiffusion.spark.table.ResultColumns;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;

/**
 * A page with its data inside and nothing from elsewhere but images of its folder. Prompts are data
 * in it, never HTML.
 */
final class GalleryPage {

  private static final List<String> TEXTS =
      List.of(Parameters.PROMPT.name(), Parameters.NEGATIVE_PROMPT.name());

  /** The other parameters, in which images of one prompt differ. */
  private static final List<String> PARAMETERS =
      Parameters.OF_IMAGE.stream()
          .filter(parameter -> parameter.type() != ValueType.EMBEDS)
          .map(Parameter::name)
          .filter(name -> !TEXTS.contains(name))
          .toList();

  /** Those that cards and filters say; hashes tell nobody anything there. */
  private static final List<String> SAID =
      PARAMETERS.stream().filter(name -> InputImage.hashedBy(name).isEmpty()).toList();

  /** Those of them that say where an input image is. */
  private static final List<String> INPUTS =
      Stream.of(InputImage.values()).map(input -> input.path().name()).toList();

  /** What the page says of an image. */
  static final List<String> COLUMNS =
      Stream.of(
              Stream.of("id", "image_index", "status", "error"),
              TEXTS.stream(),
              PARAMETERS.stream(),
              Stream.of("lost_text", "sha256", "run_id"))
          .flatMap(names -> names)
          .toList();

  /** What tells embeddings from texts; they themselves are too large to be read for a page. */
  static final List<String> TOKEN_COUNTS = List.of("token_count", "negative_token_count");

  private static final String PAGE = "/io/sparkdiffusion/gallery/index.html";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Gallery.Run run;
  private final long leftOut;
  private final Thumbnails thumbnails;

  /**
   * A page.
   *
   * @param leftOut how many rows are not shown
   */
  GalleryPage(Gallery.Run run, long leftOut, Thumbnails thumbnails) {
    this.run = run;
    this.leftOut = leftOut;
    this.thumbnails = thumbnails;
  }

  /**
   * Its text.
   *
   * @param shown one row for each image
   */
  String html(List<Row> shown) {
    return page().replace("@DATA@", data(shown));
  }

  /** Whether the image is in its row and in no file. */
  static boolean isInRowAlone(Row row) {
    return row.getAs("status").equals(ResultColumns.GENERATED) && path(row) == null;
  }

  private static String path(Row row) {
    Row image = row.getAs("image");
    return image == null ? null : image.getAs("path");
  }

  private static String page() {
    try (InputStream in = GalleryPage.class.getResourceAsStream(PAGE)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the gallery's page: the jar is damaged", e);
    }
  }

  private String data(List<Row> shown) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      json.writeObjectField("run", facts());
      json.writeArrayFieldStart("columns");
      for (String column : COLUMNS) {
        json.writeString(column);
      }
      json.writeString("path");
      json.writeString("command");
      json.writeString("thumbnail");
      json.writeString("inputs");
      json.writeEndArray();
      json.writeObjectField("parameters", SAID);
      json.writeObjectField("input_images", INPUTS);
      json.writeArrayFieldStart("rows");
      for (Row row : shown) {
        write(row, json);
      }
      json.writeEndArray();
      json.writeObjectField("sheets", sheets());
      json.writeNumberField("left_out", leftOut);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return inScript(text.toString());
  }

  private Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("name", run.config().runName());
    facts.put("model", run.model().name());
    facts.put("finished", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    facts.put("generated", run.counts().generated());
    facts.put("seconds", run.seconds().wall());
    return facts;
  }

  /** JSON that cannot end the script element that it stands in. */
  private static String inScript(String json) {
    return json.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029");
  }

  private void write(Row row, JsonGenerator json) throws IOException {
    json.writeStartArray();
    for (String column : COLUMNS) {
      Object value = row.getAs(column);
      // A browser's numbers end at 2^53.
      json.writeObject(value instanceof Long number ? number.toString() : value);
    }
    json.writeObject(path(row));
    json.writeObject(row.getAs("provenance") == null ? null : command(row));
    json.writeObject(thumbnails.place(row).map(place -> area(place, row, 1)).orElse(null));
    json.writeObject(inputAreas(row));
    json.writeEndArray();
  }

  /** Of each sheet, its file and its size. */
  private List<List<Object>> sheets() {
    return thumbnails.sheets().stream()
        .map(sheet -> List.<Object>of(sheet.path(), sheet.area().width(), sheet.area().height()))
        .toList();
  }

  private Map<String, int[]> inputAreas(Row row) {
    Map<InputImage, Thumbnails.Place> places = thumbnails.inputPlaces(row);
    if (places.isEmpty()) {
      return Map.of(); // the row's values are not read for it
    }
    int scale = InputImages.scale(row);
    Map<String, int[]> areas = new LinkedHashMap<>();
    places.forEach((input, place) -> areas.put(input.path().name(), area(place, row, scale)));
    return areas;
  }

  /**
   * The number of the sheet, x, y, width and height in it.
   *
   * @param scale how many times larger the row's image is on each side
   */
  private static int[] area(Thumbnails.Place place, Row row, int scale) {
    ThumbnailSheet.Area area =
        ThumbnailSheet.area(
            place.number(),
            row.<Integer>getAs("width") / scale,
            row.<Integer>getAs("height") / scale);
    return new int[] {place.sheet(), area.x(), area.y(), area.width(), area.height()};
  }

  /** A text has two tokens at least. */
  private static boolean isOfEmbeds(Row row) {
    return TOKEN_COUNTS.stream().anyMatch(count -> Integer.valueOf(0).equals(row.getAs(count)));
  }

  private String command(Row row) {
    if (isOfEmbeds(row)) {
      return ImageCommand.OF_EMBEDS;
    }
    Provenance provenance = Provenance.fromJson(row.getAs("provenance"));
    String model = run.config().model().folder();
    Values values = ImageColumns.values(row);
    GenerationParameters image =
        new GenerationParameters(values, provenance.modelDigest(), model, List.of());
    return ImageCommand.of(
        image,
        ImageCommand.modelOf(
            run.config().effective(),
            run.model().commit(),
            loras(values, provenance),
            run.model().embeddings().setting()),
        provenance.computation().dtype(),
        provenance.schedulerConfig());
  }

  /** An earlier version's row does not say them: then they were the job's. */
  private String loras(Values values, Provenance provenance) {
    boolean areOfJob = provenance.modelDigest().equals(run.model().digest());
    return areOfJob ? run.model().loras().setting() : values.get(Parameters.LORAS);
  }
}
