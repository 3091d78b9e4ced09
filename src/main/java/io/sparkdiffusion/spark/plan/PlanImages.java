package io.sparkdiffusion.spark.plan;

import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.metadata.RequestHash;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputFile;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.RowRequests;
import io.sparkdiffusion.request.VaeTiling;
import io.sparkdiffusion.request.Values;
import io.sparkdiffusion.sampler.ScheduleException;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.model.Models;
import io.sparkdiffusion.spark.table.InputFiles;
import io.sparkdiffusion.spark.table.PromptColumns;
import io.sparkdiffusion.spark.table.PromptTable;
import io.sparkdiffusion.spark.table.RequestColumns;
import io.sparkdiffusion.spark.table.UnusableImageException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;

/**
 * Turns a row of the prompt table into planned images, or into one planned failure: the job's way
 * and the transformer's.
 */
public final class PlanImages implements FlatMapFunction<Row, Row> {

  /** Why a line of a table is no row of it. */
  public static final String MALFORMED =
      "Cannot read the row: it must have the table's columns, no more and no fewer";

  private static final long serialVersionUID = 1L;

  private final PromptColumns columns;
  private final Values sampling;
  private final Models models;
  private final String dtype;
  private final VaeTiling.Large large;
  private final InputFiles files;

  private PlanImages(
      PromptColumns columns,
      Values sampling,
      Models models,
      ExecutionConfig execution,
      InputFiles files) {
    this.columns = columns;
    this.sampling = sampling;
    this.models = models;
    this.dtype = execution.dtype().label();
    this.large = execution.large();
    this.files = files;
  }

  /**
   * One row for each image, or for each row that asks for nothing possible.
   *
   * @param sampling what rows take where they have no value of their own
   * @param files where the images are that they give
   */
  public static Dataset<Row> of(
      PromptTable table,
      Values sampling,
      ExecutionConfig execution,
      Models models,
      InputFiles files) {
    return table
        .rows()
        .flatMap(
            of(table.columns(), sampling, execution, models, files),
            Encoders.row(table.columns().appendedTo(RequestColumns.SCHEMA)));
  }

  /** The same for rows of a table with these columns. */
  public static PlanImages of(
      PromptColumns columns,
      Values sampling,
      ExecutionConfig execution,
      Models models,
      InputFiles files) {
    return new PlanImages(columns, sampling, models, execution, files);
  }

  @Override
  public Iterator<Row> call(Row row) {
    return images(row).iterator();
  }

  /** What a row asks for. */
  public Stream<Row> images(Row row) {
    Map<String, Object> cells = columns.cells(row);
    List<Object> passedThrough = columns.passedThrough(row);
    if (columns.isMalformed(row)) {
      return Stream.of(failed(cells, MALFORMED, passedThrough));
    }
    RowRequests asked = RowRequests.of(cells, sampling);
    if (asked instanceof RowRequests.Invalid invalid) {
      return Stream.of(failed(cells, String.join("; ", invalid.reasons()), passedThrough));
    }
    try {
      List<ImageRequest> requests = withInputs(((RowRequests.Valid) asked).requests());
      return planned(requests, columns.partition(row), passedThrough);
    } catch (UnusableImageException e) {
      return Stream.of(failed(cells, e.getMessage(), passedThrough));
    } catch (ScheduleException e) {
      return Stream.of(failed(cells, String.join("; ", e.problems()), passedThrough));
    } catch (ProblemsException e) {
      return Stream.of(failed(cells, String.join("; ", e.problems()), passedThrough));
    }
  }

  /** The files that a row of the table itself holds. */
  public Map<InputImage, byte[]> files(Row row) {
    return columns.filesIn(row);
  }

  /** With the hashes of the images that a row gives; all of its images have the same. */
  private List<ImageRequest> withInputs(List<ImageRequest> requests) throws UnusableImageException {
    Map<InputImage, InputFile> found = new EnumMap<>(InputImage.class);
    for (InputImage input : InputImage.values()) {
      InputFile given = input.file(requests.get(0).values());
      if (!given.path().isEmpty()) {
        found.put(input, found(input, given));
      } else if (columns.files().contains(input) && !given.sha256().isEmpty()) {
        found.put(input, given); // its own row has the file, whose hash Spark has taken
      } else if (!given.sha256().isEmpty()) {
        throw new UnusableImageException(
            input, "its file must be given beside " + input.sha256(), "none");
      }
    }
    return requests.stream().map(request -> request.withInputs(found)).toList();
  }

  private InputFile found(InputImage input, InputFile given) throws UnusableImageException {
    String path = files.located(input, given.path());
    String hash = files.sha256(input, path);
    if (!given.sha256().isEmpty() && !given.sha256().equals(hash)) {
      throw new UnusableImageException(
          input, "its file must have the hash " + input.sha256(), "%s: %s".formatted(hash, path));
    }
    return new InputFile(path, hash);
  }

  private Stream<Row> planned(
      List<ImageRequest> requests, Integer partition, List<Object> passedThrough) {
    List<Row> planned = new ArrayList<>();
    for (ImageRequest asked : requests) {
      ImageRequest drawn = models.usual().inputs().settled(asked);
      long tile = models.usual().tileSizePixels();
      ImageRequest request = VaeTiling.settled(models.settled(drawn), tile, large);
      Model model = models.of(request);
      model.controlNets().require(request);
      Map<String, Object> scheduler = model.schedulers().told(request.scheduler());
      model.inputs().require(request);
      String hash = RequestHash.of(request, scheduler, dtype, model.digest());
      planned.add(RequestColumns.of(request, hash, partition, passedThrough));
    }
    return planned.stream();
  }

  private static Row failed(Map<String, Object> cells, String reason, List<Object> passedThrough) {
    return RequestColumns.failed(
        (String) cells.get("id"), (String) cells.get("prompt"), reason, passedThrough);
  }
}
