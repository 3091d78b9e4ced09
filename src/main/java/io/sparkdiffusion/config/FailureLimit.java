package io.sparkdiffusion.config;

import java.io.Serializable;

/** How many rows may fail before the run counts as failed. */
public sealed interface FailureLimit extends Serializable {

  /** Whether this many failed rows of so many in all are too many. */
  boolean isExceeded(long failedRows, long totalRows);

  /** All rows may fail. */
  record Unlimited() implements FailureLimit {
    @Override
    public boolean isExceeded(long failedRows, long totalRows) {
      return false;
    }

    @Override
    public String toString() {
      return "";
    }
  }

  /** At most this many rows. */
  record Count(long rows) implements FailureLimit {
    /** Checks the value. */
    public Count {
      Problems problems = new Problems();
      problems.require(rows >= 0, "max_failed_rows", "a count must be 0 or more", rows);
      problems.throwIfAny();
    }

    @Override
    public boolean isExceeded(long failedRows, long totalRows) {
      return failedRows > rows;
    }

    @Override
    public String toString() {
      return Long.toString(rows);
    }
  }

  /**
   * At most this share of all rows.
   *
   * @param share 0 to 1
   */
  record Share(double share) implements FailureLimit {
    /** Checks the value. */
    public Share {
      Problems problems = new Problems();
      problems.require(
          share >= 0 && share <= 1, "max_failed_rows", "a share must be 0 to 1", share);
      problems.throwIfAny();
    }

    @Override
    public boolean isExceeded(long failedRows, long totalRows) {
      return failedRows > share * totalRows;
    }

    @Override
    public String toString() {
      return Double.toString(share);
    }
  }
}
