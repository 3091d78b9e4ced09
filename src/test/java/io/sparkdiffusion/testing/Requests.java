package io.sparkdiffusion.testing;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.RowRequests;
import io.sparkdiffusion.request.Values;
import java.util.HashMap;
import java.util.Map;

/** Requests for tests. */
public final class Requests {

  private Requests() {}

  /** One image; what is not given has its usual value. */
  public static ImageRequest of(
      String id, int imageIndex, String prompt, String negative, Parameter.Value<?>... others) {
    Values texts = Values.of(Parameters.PROMPT.of(prompt), Parameters.NEGATIVE_PROMPT.of(negative));
    return ImageRequest.of(id, imageIndex, Values.of(others).withDefaults(texts));
  }

  /** What rows take, with the usual values where nothing is given. */
  public static Values job(Parameter.Value<?>... given) {
    return Values.of(given).withDefaults(Values.usual());
  }

  /** What a configuration says of all rows: without what rows say alone. */
  public static Values configured(Parameter.Value<?>... given) {
    return job(given).only(Parameter::isOfJob);
  }

  /** The first request of a row. */
  public static ImageRequest ofRow(String prompt, Map<String, ?> cells) {
    Map<String, Object> row = new HashMap<>(cells);
    row.put("id", "a");
    row.put("prompt", prompt);
    return ((RowRequests.Valid) RowRequests.of(row, job())).requests().get(0);
  }
}
