package io.sparkdiffusion.spark.report;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/**
 * A terminal's standard error whose last line may be drawn over itself. Whatever else is printed
 * takes that line's place, and the line comes again below it.
 */
public final class TerminalStream extends PrintStream {

  private static final String TO_EMPTY_LINE = "\r\u001b[K";

  private final Overwritten overwritten;

  private TerminalStream(Overwritten out, Charset charset) {
    super(out, true, charset);
    overwritten = out;
  }

  /** A stream instead of standard error, for the terminal that it is. */
  public static TerminalStream ofStandardError() {
    String encoding = System.getProperty("sun.stderr.encoding", "");
    Charset charset = encoding.isEmpty() ? Charset.defaultCharset() : Charset.forName(encoding);
    return of(System.err, charset);
  }

  static TerminalStream of(PrintStream terminal, Charset charset) {
    return new TerminalStream(new Overwritten(terminal), charset);
  }

  /** Draws the last line, over the one before. */
  void draw(String line) {
    overwritten.draw(line);
  }

  /** Leaves a last line for good. */
  void leave(String line) {
    overwritten.draw(line + System.lineSeparator());
    overwritten.isDrawn = false;
  }

  private static final class Overwritten extends FilterOutputStream {

    private boolean isDrawn;

    Overwritten(OutputStream terminal) {
      super(terminal);
    }

    synchronized void draw(String line) {
      try {
        out.write((TO_EMPTY_LINE + line).getBytes(StandardCharsets.US_ASCII));
        out.flush();
        isDrawn = true;
      } catch (IOException e) {
        isDrawn = false; // as with every stream of print, nobody is told
      }
    }

    @Override
    public synchronized void write(byte[] bytes, int from, int length) throws IOException {
      if (isDrawn && length > 0) {
        isDrawn = false;
        out.write(TO_EMPTY_LINE.getBytes(StandardCharsets.US_ASCII));
      }
      out.write(bytes, from, length);
    }

    @Override
    public void write(int character) throws IOException {
      write(new byte[] {(byte) character}, 0, 1);
    }
  }
}
