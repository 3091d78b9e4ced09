package io.sparkdiffusion.spark.report;

import io.sparkdiffusion.config.Counted;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shows images done, rate and time left: a bar on a terminal, now and then a line in a log. */
public final class ProgressDisplay {

  private static final Logger LOG = LoggerFactory.getLogger(ProgressDisplay.class);
  private static final int BAR_WIDTH = 24;

  private final int barWidth;
  private final Duration interval;
  private final Consumer<String> line;
  private final Consumer<String> lastLine;
  private final LongSupplier nanoTime;
  private final long start;
  private long firstAt;
  private long firstDone;
  private long shown = -1;

  public ProgressDisplay(
      int barWidth,
      Duration interval,
      Consumer<String> line,
      Consumer<String> lastLine,
      LongSupplier nanoTime) {
    this.barWidth = barWidth;
    this.interval = interval;
    this.line = line;
    this.lastLine = lastLine;
    this.nanoTime = nanoTime;
    this.start = nanoTime.getAsLong();
  }

  /** A bar that is drawn over itself. */
  public static ProgressDisplay bar(TerminalStream terminal) {
    return new ProgressDisplay(
        BAR_WIDTH, Duration.ofMillis(500), terminal::draw, terminal::leave, System::nanoTime);
  }

  /** A line in the log whenever there is something new, every ten seconds at most. */
  public static ProgressDisplay log() {
    return new ProgressDisplay(0, Duration.ofSeconds(10), LOG::info, LOG::info, System::nanoTime);
  }

  Duration interval() {
    return interval;
  }

  synchronized void show(long done, long total) {
    if (firstAt == 0 && done > 0) {
      firstAt = nanoTime.getAsLong();
      firstDone = done;
    }
    // A bar is drawn again below what else was printed, and its time left goes on.
    if (done != shown || barWidth > 0) {
      shown = done;
      line.accept(text(done, total) + sinceTheFirst(done, total));
    }
  }

  /** The rate is that of the whole run, which has planning and loading in it. */
  synchronized void end(long done, long total) {
    double rate = rate(done, start);
    String told = rate > 0 ? String.format(Locale.ROOT, ", %.3g per second", rate) : "";
    lastLine.accept(text(done, total) + told);
  }

  private String text(long done, long total) {
    return String.format(
        Locale.ROOT, "%s%d of %s", bar(done, total), done, Counted.of(total, "image"));
  }

  /** Loading the model is left out: nothing is predicted before a second value is known. */
  private String sinceTheFirst(long done, long total) {
    double rate = firstAt != 0 && done > firstDone ? rate(done - firstDone, firstAt) : 0;
    String left = done < total ? ", " + duration((total - done) / rate) + " left" : "";
    return rate > 0 ? String.format(Locale.ROOT, ", %.3g per second", rate) + left : "";
  }

  private String bar(long done, long total) {
    if (barWidth == 0) {
      return "";
    }
    int filled = total == 0 ? barWidth : (int) (barWidth * done / total);
    return "[" + "#".repeat(filled) + ".".repeat(barWidth - filled) + "] ";
  }

  private double rate(long images, long since) {
    double seconds = (nanoTime.getAsLong() - since) / 1e9;
    return seconds <= 0 ? 0 : images / seconds;
  }

  private static String duration(double seconds) {
    Duration left = Duration.ofSeconds(Math.round(seconds));
    return left.toHours() > 0
        ? String.format(Locale.ROOT, "%d h %02d min", left.toHours(), left.toMinutesPart())
        : left.toMinutes() > 0
            ? String.format(Locale.ROOT, "%d min %02d s", left.toMinutes(), left.toSecondsPart())
            : left.toSeconds() + " s";
  }
}
