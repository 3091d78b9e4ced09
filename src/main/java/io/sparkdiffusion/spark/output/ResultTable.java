package io.sparkdiffusion.spark.output;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.table.Columns;
import io.sparkdiffusion.spark.table.LiteralPath;
import io.sparkdiffusion.spark.table.ResultColumns;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.CreateTableWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Rows in a table of a catalog; one commit of the table appends a group. What is appended has been
 * staged, since a table's writer may sort, which reads its input twice, and no image is to be
 * generated twice. A property binds the table to one output folder, whose lock then keeps two runs
 * off both.
 */
final class ResultTable implements ResultStore {

  static final String OUTPUT_DIR = "spark-diffusion.output_dir";

  private final SparkSession spark;
  private final String name;
  private final GroupWriter writer;
  private final OutputFolder output;
  private final StructType schema;
  private final Map<Integer, List<String>> staged = new ConcurrentHashMap<>();

  private ResultTable(
      SparkSession spark, String name, GroupWriter writer, OutputFolder output, StructType schema) {
    this.spark = spark;
    this.name = name;
    this.writer = writer;
    this.output = output;
    this.schema = schema;
  }

  /**
   * Opens the table, which is made where it is not there.
   *
   * @param results the schema of the results, to which the group is added
   * @throws ProblemsException where it belongs to another output folder, cannot take these rows, or
   *     cannot be made
   */
  static ResultTable open(
      SparkSession spark,
      String name,
      GroupWriter writer,
      OutputFolder output,
      StructType results) {
    ResultTable rows =
        new ResultTable(
            spark, name, writer, output, results.add(ResultColumns.GROUP, DataTypes.StringType));
    // Catalogs are those of the active session, which may be another one.
    return spark.withActive(rows::opened);
  }

  private ResultTable opened() {
    try {
      CatalogTable table = CatalogTable.named(spark, name);
      if (table.exists()) {
        requireOwn(table);
        requireFitting();
      } else {
        create(table.format());
      }
      return this;
    } catch (ProblemsException e) {
      throw e;
    } catch (Exception e) {
      // Spark throws checked exceptions that it does not declare.
      throw new ProblemsException(
          "Cannot use output_table %s: its catalog must find or make it (%s)"
              .formatted(name, Failures.reason(e)),
          e);
    }
  }

  private void create(Optional<String> format) throws TableAlreadyExistsException {
    CreateTableWriter<Row> writer = spark.createDataFrame(List.<Row>of(), schema).writeTo(name);
    if (format.isPresent()) {
      writer = writer.using(format.get());
    }
    writer.tableProperty(OUTPUT_DIR, output.root()).create();
  }

  private void requireOwn(CatalogTable table) {
    if (!table.isAppendable()) {
      throw new ProblemsException(
          "Cannot use output_table %s: Spark must be able to append to it (it has another format)"
              .formatted(name));
    }
    String bound = table.properties().get(OUTPUT_DIR);
    if (bound == null) {
      throw new ProblemsException(
          ("Cannot use output_table %s: a table that no run has made must be given to the output"
                  + " folder with ALTER TABLE %s SET TBLPROPERTIES ('%s' = '%s') (it has no such"
                  + " property)")
              .formatted(name, name, OUTPUT_DIR, output.root()));
    }
    if (!bound.equals(output.root())) {
      throw new ProblemsException(
          ("Cannot use output_table %s: it belongs to another output folder, set output_dir to that"
                  + " one or name another table (%s)")
              .formatted(name, bound));
    }
  }

  private void requireFitting() {
    StructType table = spark.table(name).schema();
    Stream<String> columns = Arrays.stream(schema.fields()).flatMap(field -> misfit(table, field));
    Stream<String> withoutNulls =
        Arrays.stream(table.fields())
            .filter(column -> !column.nullable())
            .map(column -> column.name() + " takes no nulls");
    String misfits = Stream.concat(columns, withoutNulls).collect(Collectors.joining(", "));
    if (!misfits.isEmpty()) {
      throw new ProblemsException(
          ("Cannot use output_table %s: it must have the result's columns, alter it or name another"
                  + " table (%s)")
              .formatted(name, misfits));
    }
  }

  private static Stream<String> misfit(StructType table, StructField field) {
    String type = field.dataType().simpleString();
    Optional<StructField> column = find(table, field.name());
    if (column.isEmpty()) {
      return Stream.of("%s %s is missing".formatted(field.name(), type));
    }
    DataType actual = column.get().dataType();
    return Cast.canUpCast(field.dataType(), actual)
        ? Stream.empty()
        : Stream.of("%s is %s and not %s".formatted(field.name(), actual.simpleString(), type));
  }

  private static Optional<StructField> find(StructType schema, String name) {
    return Arrays.stream(schema.fields())
        .filter(field -> field.name().equalsIgnoreCase(name))
        .findFirst();
  }

  @Override
  public Optional<Dataset<Row>> rows(StructType columns) {
    return Optional.of(rows(spark, name, columns));
  }

  /**
   * The rows of a table that is there.
   *
   * @param columns to read; of a struct no more than its fields, so that pixels stay on the disk
   */
  static Dataset<Row> rows(SparkSession spark, String name, StructType columns) {
    return spark
        .table(name)
        .select(Arrays.stream(columns.fields()).map(ResultTable::read).toArray(Column[]::new));
  }

  private static Column read(StructField column) {
    if (!(column.dataType() instanceof StructType fields)) {
      return col(column.name());
    }
    Column[] read =
        Arrays.stream(fields.fieldNames())
            .map(field -> col(column.name() + "." + field))
            .toArray(Column[]::new);
    return struct(read).as(column.name());
  }

  /** Its files are the table's own affair. */
  @Override
  public Dataset<Row> rowsOf(List<String> files, StructType columns) {
    return rows(spark, name, columns);
  }

  @Override
  public boolean readsByFile() {
    return false;
  }

  @Override
  public SparkSession session() {
    return writer.session();
  }

  @Override
  public Dataset<Row> stage(Dataset<Row> results, int group) {
    staged.put(group, writer.write(results, new Path(output.stagedGroup(group))));
    return writer.read(staged.get(group), results.schema());
  }

  /** One group at a time: not every catalog sorts out commits that come at once. */
  @Override
  public synchronized void commit(int group) throws IOException {
    Dataset<Row> ofGroup =
        spark
            .read()
            .schema(schema)
            .parquet(LiteralPath.of(staged.get(group)))
            .withColumn(ResultColumns.GROUP, lit(output.groupName(group)));
    output.requireHeld();
    try {
      inTablesColumns(ofGroup).writeTo(name).append();
    } catch (NoSuchTableException e) {
      throw new IOException(
          "Cannot commit the rows: output_table must stay there during a run (%s)".formatted(name),
          e);
    }
    staged.remove(group);
    output.discardStaged(group);
  }

  /** A column that the result does not have stays null. */
  private Dataset<Row> inTablesColumns(Dataset<Row> ofGroup) {
    Column[] columns =
        Arrays.stream(spark.table(name).schema().fields())
            .map(
                column ->
                    find(ofGroup.schema(), column.name())
                        .map(field -> ofGroup.col(Columns.quoted(field.name())))
                        .orElse(lit(null))
                        .cast(column.dataType())
                        .as(column.name()))
            .toArray(Column[]::new);
    return ofGroup.select(columns);
  }

  @Override
  public void removeEarlierRuns() throws IOException {
    output.requireHeld();
    spark.sql("DELETE FROM %s WHERE run_id < '%s'".formatted(name, output.runId()));
  }
}
