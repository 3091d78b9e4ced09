package io.sparkdiffusion.spark.table;

import static org.apache.spark.sql.functions.udf;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;

/**
 * Whether a text's bytes are none in UTF-8. Spark's {@code decode} replaces them or ends the query,
 * as its release has it.
 */
final class BrokenText implements UDF1<byte[], Boolean> {

  private static final long serialVersionUID = 1L;

  private BrokenText() {}

  /** False for null. */
  static Column in(Column text) {
    return udf(new BrokenText(), DataTypes.BooleanType).apply(text.cast(DataTypes.BinaryType));
  }

  @Override
  public Boolean call(byte[] bytes) {
    if (bytes == null) {
      return false;
    }
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return false;
    } catch (CharacterCodingException e) {
      return true;
    }
  }
}
