package io.sparkdiffusion.spark.job;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.max_by;
import static org.apache.spark.sql.functions.struct;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.metadata.GenerationParameters;
import io.sparkdiffusion.metadata.PictureCommand;
import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.spark.executor.Model;
import io.sparkdiffusion.spark.executor.ResultColumns;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A page that shows an output folder's pictures: {@code index.html}, with its data inside and
 * nothing from elsewhere. Prompts are data in it, never HTML.
 */
final class Gallery {

  /** What a browser shows quickly. */
  private static final int MOST_PICTURES = 10_000;

  private static final String PAGE = "/io/sparkdiffusion/gallery/index.html";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> COLUMNS =
      List.of(
          "id",
          "image_index",
          "status",
          "error",
          "prompt",
          "negative_prompt",
          "seed",
          "num_inference_steps",
          "guidance_scale",
          "guidance_rescale",
          "width",
          "height",
          "scheduler",
          "eta",
          "lost_text",
          "sha256",
          "run_id");

  private static final StructType READ =
      new StructType(
              Stream.concat(COLUMNS.stream(), Stream.of("provenance"))
                  .map(name -> ResultColumns.SCHEMA.apply(name))
                  .toArray(StructField[]::new))
          .add("image", new StructType().add("path", DataTypes.StringType));

  private final JobConfig config;
  private final Model model;
  private final int mostPictures;

  /** A page of the first pictures; it tells how many are left out. */
  Gallery(JobConfig config, Model model, int mostPictures) {
    this.config = config;
    this.model = model;
    this.mostPictures = mostPictures;
  }

  /**
   * Writes the page of all pictures that are there.
   *
   * @return whether there are any
   */
  static boolean write(JobConfig config, Model model, ResultStore rows, OutputFolder output)
      throws IOException {
    Optional<Dataset<Row>> all = rows.rows(READ);
    if (all.isPresent()) {
      output.writeText(
          "index.html", new Gallery(config, model, MOST_PICTURES).html(newest(all.get())));
    }
    return all.isPresent();
  }

  /** The newest row of each image; no pixels are read. */
  private static Dataset<Row> newest(Dataset<Row> rows) {
    Column all =
        struct(Arrays.stream(rows.columns()).map(name -> col(name)).toArray(Column[]::new));
    return rows.groupBy("id", "image_index")
        .agg(max_by(all, col("run_id")).as("newest"))
        .select("newest.*");
  }

  /**
   * The page.
   *
   * @param newest one row for each image
   */
  String html(Dataset<Row> newest) {
    Dataset<Row> shown =
        newest
            .withColumn("path", col("image.path"))
            .orderBy("id", "image_index")
            .limit(mostPictures);
    return page().replace("@DATA@", data(shown, newest));
  }

  private static String page() {
    try (InputStream in = Gallery.class.getResourceAsStream(PAGE)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the gallery's page: the jar is damaged", e);
    }
  }

  private String data(Dataset<Row> shown, Dataset<Row> newest) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("run_name", config.runName());
      json.writeArrayFieldStart("columns");
      for (String column : COLUMNS) {
        json.writeString(column);
      }
      json.writeString("path");
      json.writeString("command");
      json.writeEndArray();
      json.writeArrayFieldStart("rows");
      int written = 0;
      for (Iterator<Row> left = shown.toLocalIterator(); left.hasNext(); written++) {
        write(left.next(), json);
      }
      json.writeEndArray();
      boolean isFull = written == mostPictures;
      json.writeNumberField("left_out", isFull ? newest.count() - mostPictures : 0);
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return inScript(text.toString());
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
    json.writeObject(row.getAs("path"));
    json.writeObject(row.getAs("provenance") == null ? null : command(row));
    json.writeEndArray();
  }

  private String command(Row row) {
    Provenance provenance = Provenance.fromJson(row.getAs("provenance"));
    GenerationParameters picture =
        new GenerationParameters(
            row.getAs("prompt"),
            row.getAs("negative_prompt"),
            row.<Integer>getAs("num_inference_steps"),
            row.getAs("scheduler"),
            row.<Double>getAs("guidance_scale"),
            row.<Double>getAs("guidance_rescale"),
            row.<Double>getAs("eta"),
            row.<Long>getAs("seed"),
            row.<Integer>getAs("height"),
            row.<Integer>getAs("width"),
            provenance.modelDigest(),
            config.model().folder());
    return PictureCommand.of(
        picture,
        PictureCommand.modelOf(config.effective(), model.commit()),
        provenance.computation().dtype(),
        provenance.schedulerConfig());
  }
}
