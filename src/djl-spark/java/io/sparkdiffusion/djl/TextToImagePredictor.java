package io.sparkdiffusion.djl;

import ai.djl.spark.task.text.BaseTextPredictor;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.ml.TextToImage;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import scala.collection.Iterator;

/**
 * {@link TextToImage} as one of the predictors of DJL's Spark extension, for programs that handle
 * those alike. Only the door is theirs: models are loaded once for each JVM and device and images
 * drawn by {@link TextToImage}, not by their loader. It is not part of the default build, since the
 * extension cannot be resolved there.
 */
public final class TextToImagePredictor extends BaseTextPredictor<String, Row> {

  private static final long serialVersionUID = 1L;
  private static final String ENGINE = "PyTorch";

  private TextToImage drawing = new TextToImage();

  /** A predictor with the usual values, for a model that is still to be set. */
  public TextToImagePredictor() {
    this(Identifiable$.MODULE$.randomUID("TextToImagePredictor"));
  }

  /** The same with a name of its own. */
  public TextToImagePredictor(String uid) {
    super(uid);
  }

  /** The column of prompts. */
  public TextToImagePredictor setInputCol(String value) {
    drawing.setInputCol(value);
    return this;
  }

  /** The column of images. */
  public TextToImagePredictor setOutputCol(String value) {
    drawing.setOutputCol(value);
    return this;
  }

  /** What draws, for the parameters that predictors do not have. */
  public TextToImage drawing() {
    return drawing;
  }

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    return prepared().transform(dataset);
  }

  @Override
  public StructType transformSchema(StructType schema) {
    return prepared().transformSchema(schema);
  }

  @Override
  public TextToImagePredictor copy(ParamMap extra) {
    TextToImagePredictor copied = defaultCopy(extra);
    copied.drawing = drawing.copy(ParamMap.empty());
    return copied;
  }

  /** The extension's setters are final in their kind, so their values are handed on late. */
  private TextToImage prepared() {
    if (isSet(engine()) && !ENGINE.equals(getOrDefault(engine()))) {
      throw new ProblemsException(
          "Cannot use engine: it must be %s (%s)".formatted(ENGINE, getOrDefault(engine())));
    }
    TextToImage prepared = drawing.copy(ParamMap.empty());
    if (isSet(modelUrl())) {
      prepared.setModelUrl(getOrDefault(modelUrl()));
    }
    if (isSet(batchSize())) {
      prepared.setBatchSize((Integer) getOrDefault(batchSize()));
    }
    return prepared;
  }

  @Override
  public void validateInputType(StructType schema) {
    prepared().transformSchema(schema);
  }

  /** Their way from rows to rows, which {@link #transform} does without. */
  @Override
  public Iterator<Row> transformRows(Iterator<Row> rows) {
    throw new UnsupportedOperationException(
        "Cannot draw rows alone: transform() must be called with the whole table");
  }
}
