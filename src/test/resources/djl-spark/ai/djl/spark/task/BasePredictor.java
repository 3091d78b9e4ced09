package ai.djl.spark.task;

import ai.djl.translate.TranslatorFactory;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.collection.Iterator;

public abstract class BasePredictor<A, B> extends Transformer {

  private final String uid;
  private final Param<String> modelUrl;
  private final Param<String> engine;
  private final IntParam batchSize;

  public BasePredictor(String uid) {
    this.uid = uid;
    this.modelUrl = new Param<>(this, "modelUrl", "The model URL");
    this.engine = new Param<>(this, "engine", "The engine");
    this.batchSize = new IntParam(this, "batchSize", "The batch size");
    setDefault(modelUrl, null);
    setDefault(engine, null);
    setDefault(batchSize, 10);
  }

  @Override
  public String uid() {
    return uid;
  }

  public final Param<String> modelUrl() {
    return modelUrl;
  }

  public final Param<String> engine() {
    return engine;
  }

  public final IntParam batchSize() {
    return batchSize;
  }

  public BasePredictor<A, B> setModelUrl(String value) {
    set(modelUrl, value);
    return this;
  }

  public BasePredictor<A, B> setEngine(String value) {
    set(engine, value);
    return this;
  }

  public BasePredictor<A, B> setBatchSize(int value) {
    set(batchSize, value);
    return this;
  }

  public BasePredictor<A, B> setInputClass(Class<A> value) {
    return this;
  }

  public BasePredictor<A, B> setOutputClass(Class<B> value) {
    return this;
  }

  public BasePredictor<A, B> setTranslatorFactory(TranslatorFactory value) {
    return this;
  }

  public BasePredictor<A, B> setBatchifier(String value) {
    return this;
  }

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    throw new UnsupportedOperationException();
  }

  @Override
  public BasePredictor<A, B> copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  public abstract Iterator<Row> transformRows(Iterator<Row> rows);

  public abstract void validateInputType(StructType schema);

  public void validateType(StructField field, DataType type) {
    throw new UnsupportedOperationException();
  }
}
