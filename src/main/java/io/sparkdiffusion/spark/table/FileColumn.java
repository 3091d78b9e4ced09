package io.sparkdiffusion.spark.table;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.sha2;

import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** A column whose cells hold the files of images. */
record FileColumn(ImageCells cells, Column cell) {

  /** Of a column of this type; nothing where its cells only say where files are. */
  static Optional<FileColumn> of(DataType type, Column cell) {
    return ImageCells.of(type)
        .filter(ImageCells::holdsFiles)
        .map(cells -> new FileColumn(cells, cell));
  }

  /** Each cell's file, null for none. */
  Column file() {
    return cells.file(cell);
  }

  /**
   * Where each cell's file is: an empty text where it is in the table, null where there is none.
   */
  Column path() {
    return cells.path(cell);
  }

  /**
   * Each file's SHA-256, of which nobody needs to be told what it must be.
   *
   * @param said what another column says of files elsewhere
   */
  Column hash(Column said) {
    return coalesce(sha2(file(), 256), said.cast(DataTypes.StringType));
  }
}
