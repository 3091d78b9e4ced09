package io.sparkdiffusion.spark.table;

/** What is wrong with a file of text: the rule that it breaks, and where. */
final class TextFault extends Exception {

  private static final long serialVersionUID = 1L;

  private final String place;

  TextFault(String rule, String place) {
    super(rule);
    this.place = place;
  }

  String rule() {
    return getMessage();
  }

  String place() {
    return place;
  }
}
