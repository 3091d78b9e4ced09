package io.sparkdiffusion.spark.table;

import static java.util.stream.Collectors.joining;

import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.TableColumns;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.ValueType;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Which columns a table has: first those that are read, in the table's order, then those that pass
 * through, then perhaps the text of lines that are no records.
 *
 * @param read the parameters' names
 * @param passedThrough the other columns
 * @param hasMalformed whether the next column is {@link #MALFORMED}
 * @param files the input images whose files rows hold
 * @param place where those are
 */
public record PromptColumns(
    List<String> read,
    List<StructField> passedThrough,
    boolean hasMalformed,
    List<InputImage> files,
    FilePlace place)
    implements Serializable {

  /** Where files are that rows hold. */
  public enum FilePlace {
    /** In the table, which is read again: the last column is {@link #PARTITION}. */
    TABLE,
    /** In the last columns, in the order of {@link #files}. */
    ROW
  }

  /** The column that says in which partition of the table a row's file is. */
  static final String PARTITION = "spark_diffusion_partition";

  /** The column that Spark fills with lines that it cannot split into the other columns. */
  static final String MALFORMED = "spark_diffusion_malformed";

  private static final int NAMES_SHOWN = 30;

  /** The parameters that are texts. */
  static final List<String> TEXTS =
      Parameters.OF_ROW.stream()
          .filter(parameter -> parameter.type() == ValueType.TEXT && parameter != Parameters.ID)
          .map(Parameter::name)
          .toList();

  /** The parameters that are lists of lists of numbers. */
  private static final List<String> EMBEDS =
      Parameters.OF_ROW.stream()
          .filter(parameter -> parameter.type() == ValueType.EMBEDS)
          .map(Parameter::name)
          .toList();

  /** Of a table without files of images. */
  public PromptColumns(List<String> read, List<StructField> passedThrough, boolean hasMalformed) {
    this(read, passedThrough, hasMalformed, List.of(), FilePlace.TABLE);
  }

  /** Keeps copies that can be sent to executors. */
  public PromptColumns {
    read = new ArrayList<>(read);
    passedThrough = new ArrayList<>(passedThrough);
    files = new ArrayList<>(files);
  }

  /** The columns of a schema, then those that pass through. */
  public StructType appendedTo(StructType schema) {
    StructType all = schema;
    for (StructField field : passedThrough) {
      all = all.add(field);
    }
    return all;
  }

  /** Whether a column of this name is read. */
  static boolean isRead(String name, TableColumns columns) {
    return Parameters.columns().contains(name)
        || name.equals(columns.id())
        || name.equals(columns.prompt());
  }

  /** Without texts: where there is no line of names, the first line's prompt stands there. */
  static String shown(List<String> names) {
    Stream<String> first =
        names.stream()
            .filter(name -> !name.equals(MALFORMED))
            .limit(NAMES_SHOWN)
            .map(name -> name.matches("[\\w.:;|\\t-]{1,60}") ? Shown.text(name) : "a text");
    Stream<String> more = names.size() > NAMES_SHOWN ? Stream.of("…") : Stream.of();
    return Stream.concat(first, more).collect(joining(", "));
  }

  /**
   * What a column must be, where it is not.
   *
   * @param parameter one of {@link Parameters#OF_ROW}
   * @param isText whether numbers may come as text
   */
  static Optional<String> brokenRule(String parameter, DataType type, boolean isText) {
    String rule;
    boolean fits;
    if (parameter.equals(Parameters.ID.name())) {
      rule = "text or an integer";
      fits = type instanceof StringType || isInteger(type) || isWhole(type);
    } else if (InputImage.at(parameter).isPresent()) {
      rule = ImageCells.RULE;
      fits = ImageCells.of(type).isPresent();
    } else if (TEXTS.contains(parameter)) {
      rule = "text";
      fits = type instanceof StringType;
    } else if (EMBEDS.contains(parameter)) {
      rule = "a list of lists of numbers";
      fits = Cells.isTable(type) && isNumber(Cells.numbers(type));
    } else {
      rule = "a number";
      fits = isNumber(type) || (isText && type instanceof StringType);
    }
    return fits || type instanceof NullType ? Optional.empty() : Optional.of(rule);
  }

  private static boolean isInteger(DataType type) {
    return type instanceof ByteType
        || type instanceof ShortType
        || type instanceof IntegerType
        || type instanceof LongType;
  }

  /** Unsigned integers of 64 bits come as decimals. */
  private static boolean isWhole(DataType type) {
    return type instanceof DecimalType decimal && decimal.scale() == 0;
  }

  private static boolean isNumber(DataType type) {
    return isInteger(type)
        || type instanceof FloatType
        || type instanceof DoubleType
        || type instanceof DecimalType;
  }

  static String quoted(String name) {
    return "`" + name.replace("`", "``") + "`";
  }

  /** The parameters of a row by column name. */
  public Map<String, Object> cells(Row row) {
    Map<String, Object> cells = new HashMap<>();
    for (int i = 0; i < read.size(); i++) {
      cells.put(read.get(i), Cells.plain(row.get(i)));
    }
    return cells;
  }

  /** The values of a row that pass through, in order. */
  public List<Object> passedThrough(Row row) {
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < passedThrough.size(); i++) {
      values.add(row.get(read.size() + i));
    }
    return values;
  }

  /** Whether rows hold files. */
  boolean hasFiles() {
    return !files.isEmpty();
  }

  /** The partition of the table that holds a row's files, null where the table holds none. */
  public Integer partition(Row row) {
    return hasFiles() && place == FilePlace.TABLE ? row.<Integer>getAs(row.size() - 1) : null;
  }

  /** The files that are in a row itself. */
  public Map<InputImage, byte[]> filesIn(Row row) {
    if (place == FilePlace.TABLE) {
      return Map.of();
    }
    Map<InputImage, byte[]> all = new EnumMap<>(InputImage.class);
    int begin = row.size() - files.size();
    for (int i = 0; i < files.size(); i++) {
      if (!row.isNullAt(begin + i)) {
        all.put(files.get(i), row.getAs(begin + i));
      }
    }
    return all;
  }

  /** Whether a row is a line that has other columns than the table. */
  public boolean isMalformed(Row row) {
    return hasMalformed && !row.isNullAt(read.size() + passedThrough.size());
  }
}
