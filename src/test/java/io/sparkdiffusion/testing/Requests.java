package io.sparkdiffusion.testing;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.RowDefaults;
import io.sparkdiffusion.request.RowRequests;
import java.util.HashMap;
import java.util.Map;

/** Requests for tests. */
public final class Requests {

  private static final RowDefaults USUAL =
      new RowDefaults("", 0, 1, 50, 7.5, 0.0, 512, 512, "ddim", 0.0);

  private Requests() {}

  /** The first request of a row. */
  public static ImageRequest ofRow(String prompt, Map<String, ?> cells) {
    Map<String, Object> row = new HashMap<>(cells);
    row.put("id", "a");
    row.put("prompt", prompt);
    return ((RowRequests.Valid) RowRequests.of(row, USUAL)).requests().get(0);
  }
}
