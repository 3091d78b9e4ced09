package ai.djl.spark.task.text;

import ai.djl.spark.task.BasePredictor;

public abstract class BaseTextPredictor<A, B> extends BasePredictor<A, B> {

  public BaseTextPredictor(String uid) {
    super(uid);
    setDefault(batchSize(), 100);
  }
}
