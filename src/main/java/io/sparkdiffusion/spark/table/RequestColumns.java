package io.sparkdiffusion.spark.table;

import static org.apache.spark.sql.types.DataTypes.StringType;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.Values;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
          .add("batch_key", StringType);

  public static final int REQUEST_HASH = SCHEMA.fieldIndex("request_hash");
  public static final int ERROR = SCHEMA.fieldIndex("error");

  /** Where the batch key stands. */
  public static final int BATCH_KEY = SCHEMA.fieldIndex("batch_key");

  /** How many columns stand before those that pass through. */
  public static final int COUNT = SCHEMA.size();

  private RequestColumns() {}

  /** The planned image of a request. */
  public static Row of(ImageRequest request, String requestHash, List<Object> passedThrough) {
    List<Object> values = new ArrayList<>();
    values.add(request.id());
    values.add(request.imageIndex());
    Parameters.OF_IMAGE.forEach(parameter -> values.add(request.values().get(parameter)));
    values.add(requestHash);
    values.add(null);
    values.add(null);
    values.add(request.batchKey().toString());
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

  /** The request of a planned image that has not failed. */
  public static ImageRequest request(Row row) {
    Values values = ImageColumns.values(row, SCHEMA::fieldIndex);
    return ImageRequest.checked(row.getString(0), row.getInt(1), values);
  }
}
