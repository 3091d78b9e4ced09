package io.sparkdiffusion.config;

import java.io.Serializable;

/** Where the prompts come from. */
public sealed interface InputConfig extends Serializable {

  /** One prompt from the command line. */
  record Single(String prompt) implements InputConfig {
    @Override
    public String toString() {
      return "Single[(set)]";
    }
  }

  /**
   * A table of prompts.
   *
   * @param location a path that Spark can read, or a table's name
   * @param format as given; {@link TableFormat#resolve(String)} settles {@code AUTO}
   */
  record Table(String location, TableFormat format) implements InputConfig {}
}
