package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.request.InputImage;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;

/** The columns of a table that hold the files of images. */
record FileColumns(Map<InputImage, FileColumn> byInput) {

  /** A column of a table, and what it is read as. */
  record Read(String parameter, DataType type, Column cell) {}

  /** Those of a table's columns, in the order of {@link InputImage}. */
  static FileColumns among(Collection<Read> columns) {
    Map<InputImage, FileColumn> files = new EnumMap<>(InputImage.class);
    for (Read column : columns) {
      InputImage.at(column.parameter())
          .ifPresent(
              input ->
                  FileColumn.of(column.type(), column.cell())
                      .ifPresent(held -> files.put(input, held)));
    }
    return new FileColumns(files);
  }

  /** The images whose files rows hold. */
  List<InputImage> inputs() {
    return List.copyOf(byInput.keySet());
  }

  /** A row's files, null for none, each called after the parameter that says where a file is. */
  List<Column> files(String prefix) {
    return byInput.entrySet().stream()
        .map(one -> one.getValue().file().as(prefix + one.getKey().path().name()))
        .toList();
  }

  /** What a column says of images whose files the table holds, or as it is. */
  Column said(String parameter, Column cell) {
    Optional<FileColumn> named = InputImage.at(parameter).map(byInput::get);
    Optional<FileColumn> hashed = InputImage.hashedBy(parameter).map(byInput::get);
    return named.map(FileColumn::path).or(() -> hashed.map(held -> held.hash(cell))).orElse(cell);
  }

  /**
   * The hashes of files of which no column says one, by name.
   *
   * @param read the parameters that have a column
   */
  Map<String, Column> unsaidHashes(Collection<String> read) {
    Map<String, Column> hashes = new LinkedHashMap<>();
    byInput.forEach(
        (input, held) -> {
          String name = input.sha256().name();
          if (!read.contains(name)) {
            hashes.put(name, held.hash(functions.lit(null)).as(name));
          }
        });
    return hashes;
  }
}
