package io.sparkdiffusion.spark.table;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.floor;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.types.DataTypes.IntegerType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.Start;
import io.sparkdiffusion.request.Values;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;

/**
 * A planned image as a row: its request, or the reason why there is none, then the columns that
 * pass through to the result.
 */
public final class RequestColumns {

  /** The columns of every planned image. */
  public static final StructType SCHEMA =
      ImageColumns.SCHEMA
          .add("request_hash", StringType)
          .add(ResultColumns.REPLACES, StringType)
          .add("error", StringType)
          .add("batch_key", StringType)
          .add("table_partition", IntegerType);

  public static final int REQUEST_HASH = SCHEMA.fieldIndex("request_hash");
  public static final int ERROR = SCHEMA.fieldIndex("error");

  /** Where the batch key stands. */
  public static final int BATCH_KEY = SCHEMA.fieldIndex("batch_key");

  /** Where the partition of the table stands that holds the files of a row's images. */
  public static final int TABLE_PARTITION = SCHEMA.fieldIndex("table_partition");

  /** How many columns stand before those that pass through. */
  public static final int COUNT = SCHEMA.size();

  private static final int STEPS = SCHEMA.fieldIndex(Parameters.NUM_INFERENCE_STEPS.name());
  private static final int STRENGTH = SCHEMA.fieldIndex(Parameters.STRENGTH.name());
  private static final int EMBEDS = SCHEMA.fieldIndex(Parameters.PROMPT_EMBEDS.name());
  private static final int NEGATIVE_EMBEDS =
      SCHEMA.fieldIndex(Parameters.NEGATIVE_PROMPT_EMBEDS.name());

  private RequestColumns() {}

  /** The planned image of a request of a table without files. */
  public static Row of(ImageRequest request, String requestHash, List<Object> passedThrough) {
    return of(request, requestHash, null, passedThrough);
  }

  /**
   * The planned image of a request.
   *
   * @param partition of the table that holds the files of its images, null for none
   */
  public static Row of(
      ImageRequest request, String requestHash, Integer partition, List<Object> passedThrough) {
    List<Object> values = new ArrayList<>();
    values.add(request.id());
    values.add(request.imageIndex());
    for (Parameter<?> parameter : Parameters.OF_IMAGE) {
      boolean isSaid = InputImage.isUsed(parameter, request.values());
      values.add(isSaid ? request.values().find(parameter).map(Cells::of).orElse(null) : null);
    }
    values.add(requestHash);
    values.add(null);
    values.add(null);
    values.add(request.batchKey().toString());
    values.add(partition);
    values.addAll(passedThrough);
    return RowFactory.create(values.toArray());
  }

  /**
   * The planned failure of a row that asks for nothing possible.
   *
   * @param id null, which stands as no text, where that is what is wrong
   */
  public static Row failed(String id, String prompt, String error, List<Object> passedThrough) {
    Object[] values = new Object[COUNT + passedThrough.size()];
    values[0] = Objects.requireNonNullElse(id, "");
    values[1] = 0;
    values[SCHEMA.fieldIndex(Parameters.PROMPT.name())] = prompt;
    values[ERROR] = error;
    for (int i = 0; i < passedThrough.size(); i++) {
      values[COUNT + i] = passedThrough.get(i);
    }
    return RowFactory.create(values);
  }

  public static boolean isFailed(Row row) {
    return !row.isNullAt(ERROR);
  }

  /** The steps that are taken for a planned image, 0 for one that cannot be made. */
  public static int steps(Row row) {
    if (row.isNullAt(STEPS)) {
      return 0;
    }
    int steps = row.getInt(STEPS);
    return row.isNullAt(STRENGTH) ? steps : Start.taken(steps, row.getDouble(STRENGTH));
  }

  /** The same by Spark, null for an image that cannot be made. */
  public static Column steps() {
    Column steps = col(Parameters.NUM_INFERENCE_STEPS.name());
    Column taken = floor(steps.multiply(col(Parameters.STRENGTH.name()))).cast(IntegerType);
    return when(col(Parameters.STRENGTH.name()).isNotNull(), taken).otherwise(steps);
  }

  /** How many numbers a planned image has in the place of its texts. */
  public static long embeddedNumbers(Row row) {
    return numbers(row.get(EMBEDS)) + numbers(row.get(NEGATIVE_EMBEDS));
  }

  private static long numbers(Object cell) {
    return cell instanceof float[][] table ? (long) table.length * table[0].length : 0;
  }

  /** Whether the file of an input image is in its row of the table. */
  public static boolean hasFileInTable(Row row) {
    return !isFailed(row)
        && Arrays.stream(InputImage.values()).anyMatch(input -> isInTable(input, row));
  }

  private static boolean isInTable(InputImage input, Row row) {
    int path = SCHEMA.fieldIndex(input.path().name());
    return !row.isNullAt(path) && row.getString(path).isEmpty();
  }

  /** The request of a planned image that has not failed. */
  public static ImageRequest request(Row row) {
    Values values = ImageColumns.values(row, SCHEMA::fieldIndex);
    return ImageRequest.checked(row.getString(0), row.getInt(1), values);
  }
}
