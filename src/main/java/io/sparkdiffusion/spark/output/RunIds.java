package io.sparkdiffusion.spark.output;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.UUID;

/**
 * Ids of runs sort in the order in which the runs held their output folder: everybody who reads
 * rows takes the largest for the newest. An id is the time at which a run began and, since clocks
 * go wrong, a millisecond after the largest id that is there where that one is not smaller (a
 * hybrid logical clock: Kulkarni et al. 2014). The lock makes sure that nobody adds a larger one
 * meanwhile.
 */
public final class RunIds {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmssSSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private static final int TIME_LENGTH = "20260101T000000000Z".length();

  private RunIds() {}

  /** Two runs never share one. */
  public static String next(InstantSource clock) {
    return at(clock.instant());
  }

  private static String at(Instant time) {
    return TIME.format(time) + "-" + UUID.randomUUID().toString().substring(0, 8);
  }

  /**
   * An id that sorts after another one.
   *
   * @param newest the largest id of those that are there
   * @param own that of the run so far
   * @param where the rows lie, for people
   * @throws ProblemsException where the newest is no id of a run, so that none sorts after it
   */
  static String after(String newest, String own, String where) {
    if (own.compareTo(newest) > 0) {
      return own;
    }
    try {
      String time = newest.substring(0, Math.min(TIME_LENGTH, newest.length()));
      String after = at(TIME.parse(time, Instant::from).plusMillis(1));
      if (after.compareTo(newest) > 0) {
        return after;
      }
    } catch (DateTimeException e) {
      throw noneAfter(newest, where);
    }
    throw noneAfter(newest, where);
  }

  private static ProblemsException noneAfter(String newest, String where) {
    return new ProblemsException(
        "Cannot go on in %s: run_id must be that of a run in all rows, since the largest counts as"
                .formatted(where)
            + " the newest; give rows from elsewhere a smaller one, such as 0 (%s)"
                .formatted(Shown.text(newest)));
  }
}
