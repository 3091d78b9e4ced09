package io.sparkdiffusion.testing;

import java.util.List;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;

/** Hears everything from the level of information up, with stack traces. */
public final class LogTap extends AbstractAppender implements AutoCloseable {

  private final List<String> lines;
  private final LoggerContext context = (LoggerContext) LogManager.getContext(false);
  private final Level before = context.getConfiguration().getRootLogger().getLevel();

  /** Hears from now on until it is closed. */
  public LogTap(List<String> lines) {
    super("tap", null, null, true, Property.EMPTY_ARRAY);
    this.lines = lines;
    start();
    context.getConfiguration().getRootLogger().addAppender(this, Level.INFO, null);
    context.getConfiguration().getRootLogger().setLevel(Level.INFO);
    context.updateLoggers();
  }

  @Override
  public synchronized void append(LogEvent event) {
    lines.add(event.getMessage().getFormattedMessage());
    for (Throwable e = event.getThrown(); e != null; e = e.getCause()) {
      lines.add(e.toString());
    }
  }

  @Override
  public void close() {
    context.getConfiguration().getRootLogger().removeAppender("tap");
    context.getConfiguration().getRootLogger().setLevel(before);
    context.updateLoggers();
    stop();
  }
}
