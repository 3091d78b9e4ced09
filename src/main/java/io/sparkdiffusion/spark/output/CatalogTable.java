package io.sparkdiffusion.spark.output;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.table.BothSparks;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.catalyst.parser.ParseException;
import org.apache.spark.sql.connector.catalog.CatalogPlugin;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.catalog.TableCatalog;
import org.apache.spark.sql.execution.datasources.v2.V2SessionCatalog;

/**
 * A name that is understood as {@code Dataset.writeTo} does; the table need not be there yet.
 *
 * @param name as it was given
 */
record CatalogTable(String name, TableCatalog catalog, Identifier identifier) {

  /** Spark's own catalog. */
  private static final String SESSION_CATALOG = "spark_catalog";

  /**
   * Finds the catalog of a name.
   *
   * @throws ProblemsException where it has no catalog whose tables commit appends atomically
   */
  static CatalogTable named(SparkSession spark, String name) {
    List<String> parts = parts(spark, name);
    Object catalogs = spark.sessionState().catalogManager();
    boolean namesCatalog =
        parts.size() > 1
            && BothSparks.result(Boolean.class, catalogs, "isCatalogRegistered", parts.get(0));
    CatalogPlugin catalog =
        namesCatalog
            ? BothSparks.result(CatalogPlugin.class, catalogs, "catalog", parts.get(0))
            : BothSparks.result(CatalogPlugin.class, catalogs, "currentCatalog");
    if (catalog instanceof V2SessionCatalog || !(catalog instanceof TableCatalog tables)) {
      throw new ProblemsException(
          ("Cannot use output_table %s: its catalog must be one of Iceberg or Delta, set"
                  + " spark.sql.catalog.%s among Spark's options (%s)")
              .formatted(name, parts.get(0), catalog.getClass().getSimpleName()));
    }
    List<String> namespace = parts.subList(namesCatalog ? 1 : 0, parts.size() - 1);
    boolean isBare = parts.size() == 1;
    return new CatalogTable(
        name,
        tables,
        Identifier.of(
            isBare
                ? BothSparks.result(String[].class, catalogs, "currentNamespace")
                : namespace.toArray(String[]::new),
            parts.get(parts.size() - 1)));
  }

  private static List<String> parts(SparkSession spark, String name) {
    try {
      return new ArrayList<>(
          BothSparks.list(spark.sessionState().sqlParser().parseMultipartIdentifier(name)));
    } catch (ParseException e) {
      throw new ProblemsException(
          "Cannot use output_table: it must be a table's name as in SQL (%s)".formatted(name), e);
    }
  }

  /** Whether the table is there now, whatever the catalog has cached. */
  boolean exists() {
    if (!catalog.tableExists(identifier)) {
      return false;
    }
    catalog.invalidateTable(identifier);
    return true;
  }

  /** The table's properties, empty where it is gone. */
  Map<String, String> properties() {
    return table().map(Table::properties).orElse(Collections.emptyMap());
  }

  /** Whether Spark can append rows. */
  boolean isAppendable() {
    return table().stream()
        .flatMap(table -> table.capabilities().stream())
        .anyMatch(
            capability ->
                capability == TableCapability.BATCH_WRITE
                    || capability == TableCapability.V1_BATCH_WRITE);
  }

  private Optional<Table> table() {
    try {
      return Optional.of(catalog.loadTable(identifier));
    } catch (NoSuchTableException e) {
      return Optional.empty();
    }
  }

  /** The format to ask for: Spark's own catalog would make Parquet, others know what they make. */
  Optional<String> format() {
    if (!catalog.name().equals(SESSION_CATALOG)) {
      return Optional.empty();
    }
    boolean isIceberg = catalog.getClass().getName().contains("iceberg");
    return Optional.of(isIceberg ? "iceberg" : "delta");
  }
}
