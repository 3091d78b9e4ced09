package io.sparkdiffusion.config;

/**
 * One key of the configuration.
 *
 * @param defaultValue as it would be written in a file; empty where there is none
 * @param allowed the values or the unit
 * @param description one line
 */
record Setting(String key, Type type, String defaultValue, String allowed, String description) {

  /** How a value is read. */
  enum Type {
    TEXT("text"),
    INTEGER("integer"),
    LONG("64-bit integer"),
    NUMBER("number"),
    BOOLEAN("true or false"),
    MAPPING("mapping");

    private final String label;

    Type(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }
  }
}
