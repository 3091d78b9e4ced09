package io.sparkdiffusion.config;

import io.sparkdiffusion.request.Parameters;
import java.io.Serializable;
import java.util.List;

/** Where the prompts come from. */
public sealed interface InputConfig extends Serializable {

  /** One prompt from the command line; it prints without its text. */
  record Single(String prompt) implements InputConfig {

    /** Checks the value. */
    public Single {
      Problems problems = new Problems();
      problems.require(!prompt.isEmpty(), "prompt", "it must hold a text", "empty");
      Parameters.PROMPT.problem(prompt).ifPresent(problems::add);
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
   * @param format as given; {@link #storedFormat()} settles {@code AUTO}
   * @param options how its text is to be read
   * @param columns which of its columns are read
   */
  record Table(String location, TableFormat format, TableOptions options, TableColumns columns)
      implements InputConfig {

    /** Checks the values. */
    public Table {
      Problems problems = new Problems();
      problems.require(!location.isBlank(), "prompts", "it must name a table", "blank");
      options.check(format.resolve(location), problems);
      problems.throwIfAny();
    }

    /** A table that is read as it is. */
    public Table(String location, TableFormat format) {
      this(location, format, TableOptions.NONE, TableColumns.USUAL);
    }

    /** How it is stored, never {@link TableFormat#AUTO}. */
    public TableFormat storedFormat() {
      return format.resolve(location);
    }

    /**
     * A table alone, for those who look at it before there is a job.
     *
     * @param settings {@code key=value}, those that say how a table is read
     * @throws ProblemsException with every problem found
     */
    public static Table load(String location, List<String> settings) {
      return JobConfigLoader.table(location, settings);
    }
  }
}
