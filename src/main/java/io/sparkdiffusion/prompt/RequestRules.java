package io.sparkdiffusion.prompt;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What a row must keep to. */
final class RequestRules {

  private static final int LONGEST_ID_BYTES = 1024;

  private final List<String> broken = new ArrayList<>();

  private RequestRules() {}

  /** All rules that a row breaks, one line each; the row has a value in every component. */
  static List<String> broken(PromptRow row) {
    RequestRules rules = new RequestRules();
    rules.checkTexts(row);
    rules.checkNumbers(row);
    return List.copyOf(rules.broken);
  }

  private void checkTexts(PromptRow row) {
    require(row.prompt() != null, "prompt", "it must not be null", null);
    if (row.id() == null || row.id().isBlank()) {
      require(false, "id", "it must not be null or blank", row.id());
      return;
    }
    int bytes = row.id().getBytes(StandardCharsets.UTF_8).length;
    require(
        bytes <= LONGEST_ID_BYTES,
        "id",
        "it must have at most " + LONGEST_ID_BYTES + " bytes in UTF-8",
        bytes);
  }

  private void checkNumbers(PromptRow row) {
    require(
        isBetween(row.numInferenceSteps(), 1, 1000),
        "num_inference_steps",
        "it must be 1 to 1000",
        row.numInferenceSteps());
    require(
        Double.isFinite(row.guidanceScale()) && row.guidanceScale() >= 0,
        "guidance_scale",
        "it must be finite and 0 or more",
        row.guidanceScale());
    require(
        isBetween(row.guidanceRescale(), 0, 1),
        "guidance_rescale",
        "it must be 0 to 1",
        row.guidanceRescale());
    requireSize("height", row.heightPixels());
    requireSize("width", row.widthPixels());
    require(
        isBetween(row.numImages(), 1, 10_000),
        "num_images",
        "it must be 1 to 10000",
        row.numImages());
    require(
        row.scheduler().equals("ddim"),
        "scheduler",
        "it must be ddim",
        Cells.shown(row.scheduler()));
    require(isBetween(row.eta(), 0, 1), "eta", "it must be 0 to 1", row.eta());
  }

  private void requireSize(String column, int pixels) {
    require(
        isBetween(pixels, 8, 4096) && pixels % 8 == 0,
        column,
        "it must be a multiple of 8 from 8 to 4096",
        pixels);
  }

  private void require(boolean holds, String column, String rule, Object actual) {
    if (!holds) {
      broken.add("Cannot use " + column + ": " + rule + " (" + actual + ")");
    }
  }

  private static boolean isBetween(double value, double low, double high) {
    return value >= low && value <= high;
  }
}
