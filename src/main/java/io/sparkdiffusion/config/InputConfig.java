package io.sparkdiffusion.config;

import java.io.Serializable;

/** Where the prompts come from. */
public sealed interface InputConfig extends Serializable {

  /** One prompt from the command line; it prints without its text. */
  record Single(String prompt) implements InputConfig {

    /** Checks the value. */
    public Single {
      Problems problems = new Problems();
      problems.require(!prompt.isEmpty(), "prompt", "it must hold a text", "empty");
      problems.require(
          prompt.length() <= SamplingConfig.LONGEST_TEXT,
          "prompt",
          SamplingConfig.LENGTH_RULE,
          prompt.length());
      problems.throwIfAny();
    }

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
  record Table(String location, TableFormat format) implements InputConfig {

    /** Checks the value. */
    public Table {
      Problems problems = new Problems();
      problems.require(!location.isBlank(), "prompts", "it must name a table", "blank");
      problems.throwIfAny();
    }
  }
}
