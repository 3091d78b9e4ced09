package io.sparkdiffusion.spark.plan;

import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.metadata.RequestHash;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.RowRequests;
import io.sparkdiffusion.request.VaeTiling;
import io.sparkdiffusion.request.Values;
import io.sparkdiffusion.sampler.ScheduleException;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.model.Models;
import io.sparkdiffusion.spark.table.InitImageFiles;
import io.sparkdiffusion.spark.table.PromptColumns;
import io.sparkdiffusion.spark.table.PromptTable;
import io.sparkdiffusion.spark.table.RequestColumns;
import io.sparkdiffusion.spark.table.UnusableInitImageException;
import java.util.ArrayList;
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
  private final InitImageFiles files;

  private PlanImages(
      PromptColumns columns,
      Values sampling,
      Models models,
      ExecutionConfig execution,
      InitImageFiles files) {
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
   * @param files where the images are that they start from
   */
  public static Dataset<Row> of(
      PromptTable table,
      Values sampling,
      ExecutionConfig execution,
      Models models,
      InitImageFiles files) {
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
      InitImageFiles files) {
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
      List<ImageRequest> requests = started(((RowRequests.Valid) asked).requests());
      return planned(requests, columns.partition(row), passedThrough);
    } catch (UnusableInitImageException e) {
      return Stream.of(failed(cells, e.getMessage(), passedThrough));
    } catch (ScheduleException e) {
      return Stream.of(failed(cells, String.join("; ", e.problems()), passedThrough));
    } catch (ProblemsException e) {
      return Stream.of(failed(cells, String.join("; ", e.problems()), passedThrough));
    }
  }

  /** With the hash of the image that a row starts from; all of its images start from the same. */
  private List<ImageRequest> started(List<ImageRequest> requests)
      throws UnusableInitImageException {
    Values row = requests.get(0).values();
    String given = row.get(Parameters.INIT_IMAGE);
    String wanted = row.get(Parameters.INIT_IMAGE_SHA256);
    if (given.isEmpty() && columns.hasFiles() && !wanted.isEmpty()) {
      return requests; // its own row has the file, whose hash Spark has taken
    }
    if (given.isEmpty()) {
      return requests.stream().map(ImageRequest::startingFromNoise).toList();
    }
    String path = files.located(given);
    String hash = files.sha256(path);
    if (!wanted.isEmpty() && !wanted.equals(hash)) {
      throw new UnusableInitImageException(
          "its file must have the hash init_image_sha256", "%s: %s".formatted(hash, path));
    }
    return requests.stream().map(request -> request.startingFrom(path, hash)).toList();
  }

  private Stream<Row> planned(
      List<ImageRequest> requests, Integer partition, List<Object> passedThrough) {
    List<Row> planned = new ArrayList<>();
    for (ImageRequest asked : requests) {
      long tile = models.usual().tileSizePixels();
      ImageRequest request = VaeTiling.settled(models.settled(asked), tile, large);
      Model model = models.of(request);
      Map<String, Object> scheduler = model.schedulers().told(request.scheduler());
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
