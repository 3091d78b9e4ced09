package io.sparkdiffusion.spark.table;

import static org.apache.spark.sql.functions.col;

import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.request.Parameters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Which columns of a program's own table are read. All its columns, whatever their names, pass
 * through as {@link #kept}: by position, beside those of the result.
 *
 * @param schema of the table
 * @param positions of the columns that are read, by parameter
 */
public record ReadColumns(StructType schema, Map<String, Integer> positions) {

  private static final String ID = Parameters.ID.name();
  private static final String PROMPT = Parameters.PROMPT.name();

  /**
   * Finds the columns. A parameter without a column takes the usual value; without an id, the
   * prompt's SHA-256 stands for it.
   *
   * @param names of the columns by parameter, for those of {@link Parameters#OF_ROW} that are
   *     called otherwise
   * @param needed parameters that must have a column
   * @throws ProblemsException with every problem found
   */
  public static ReadColumns find(
      StructType schema, Map<String, String> names, List<String> needed) {
    List<String> present = Arrays.asList(schema.fieldNames());
    Map<String, Integer> positions = new LinkedHashMap<>();
    Problems problems = new Problems();
    for (String parameter : Parameters.columns()) {
      String name = names.getOrDefault(parameter, parameter);
      int position = present.indexOf(name);
      if (position >= 0) {
        positions.put(parameter, position);
        checkType(schema.apply(position), parameter, problems);
      } else if (needed.contains(parameter)) {
        problems.add(
            "Cannot read %s from column %s: the table must have it (%s)"
                .formatted(parameter, Shown.text(name), PromptColumns.shown(present)));
      }
    }
    problems.throwIfAny();
    return new ReadColumns(schema, positions);
  }

  private static void checkType(StructField field, String parameter, Problems problems) {
    PromptColumns.brokenRule(parameter, field.dataType(), true)
        .ifPresent(
            rule ->
                problems.add(
                    "Cannot read %s from column %s: it must be %s (%s)"
                        .formatted(
                            parameter,
                            Shown.text(field.name()),
                            rule,
                            Shown.text(field.dataType().simpleString()))));
  }

  /** The name under which a column passes through. */
  public static String kept(int position) {
    return "kept_" + position;
  }

  PromptColumns columns() {
    List<String> read = new ArrayList<>(positions.keySet());
    if (!positions.containsKey(ID)) {
      read.add(ID);
    }
    FileColumns files = files();
    read.addAll(files.unsaidHashes(positions.keySet()).keySet());
    StructField[] fields = schema.fields();
    List<StructField> passedThrough =
        IntStream.range(0, fields.length)
            .mapToObj(
                i ->
                    new StructField(
                        kept(i), fields[i].dataType(), fields[i].nullable(), fields[i].metadata()))
            .toList();
    return new PromptColumns(
        read, passedThrough, false, files.inputs(), PromptColumns.FilePlace.ROW);
  }

  private FileColumns files() {
    return FileColumns.among(
        positions.entrySet().stream()
            .map(
                one ->
                    new FileColumns.Read(
                        one.getKey(),
                        schema.apply(one.getValue()).dataType(),
                        col(kept(one.getValue()))))
            .toList());
  }

  Dataset<Row> selectedFrom(Dataset<?> rows) {
    Dataset<Row> kept =
        rows.toDF(
            IntStream.range(0, schema.size()).mapToObj(ReadColumns::kept).toArray(String[]::new));
    FileColumns files = files();
    List<Column> selected = new ArrayList<>();
    positions.forEach(
        (parameter, position) -> {
          Column column = col(kept(position));
          Column read = parameter.equals(ID) ? column.cast(DataTypes.StringType) : column;
          selected.add(files.said(parameter, read).as(parameter));
        });
    if (!positions.containsKey(ID)) {
      selected.add(GeneratedIds.of(col(kept(positions.get(PROMPT)))).as(ID));
    }
    selected.addAll(files.unsaidHashes(positions.keySet()).values());
    Arrays.stream(kept.columns()).map(kept::col).forEach(selected::add);
    selected.addAll(files.files("file_of_"));
    return kept.select(selected.toArray(Column[]::new));
  }
}
