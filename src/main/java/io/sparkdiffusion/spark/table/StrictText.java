package io.sparkdiffusion.spark.table;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.util.Arrays;

/**
 * The characters of a file, which must be what its encoding allows, with the number of the line.
 */
final class StrictText {

  private static final int BUFFER = 1 << 16;
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private final InputStream in;
  private final Charset encoding;
  private final CharsetDecoder decoder;
  private final ByteBuffer bytes = ByteBuffer.allocate(BUFFER).flip();
  private final CharBuffer characters = CharBuffer.allocate(BUFFER).flip();
  private final byte[] beginning;

  private int line = 1;
  private boolean isLastRead;
  private boolean isBroken;
  private char firstLineEnd;
  private boolean hasReturnsAlone;

  /**
   * @param in borrowed
   */
  StrictText(InputStream in, Charset encoding) throws IOException, TextFault {
    this.in = in;
    this.encoding = encoding;
    this.decoder =
        encoding
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    readBytes();
    this.beginning = Arrays.copyOf(bytes.array(), Math.min(bytes.remaining(), 512));
    Encodings.refuseOthersMark(beginning, encoding);
    if (peek(0) == BYTE_ORDER_MARK) {
      characters.get();
    }
  }

  /** The number of the line that the next character stands in. */
  int line() {
    return line;
  }

  /** The next character, or -1 at the end. */
  int next() throws IOException, TextFault {
    int character = peek(0);
    if (character < 0) {
      return character;
    }
    characters.get();
    if (character == 0) {
      throw Encodings.zeros(beginning, encoding, line);
    }
    if (character == '\n' || character == '\r') {
      endLine((char) character);
    }
    return character;
  }

  private void endLine(char end) throws IOException, TextFault {
    boolean isAlone = end == '\r' && peek(0) != '\n';
    if (firstLineEnd == 0) {
      firstLineEnd = end;
      hasReturnsAlone = isAlone;
    }
    if (end == '\n' || isAlone) {
      line++;
    }
  }

  /** Whether a character ends a line, for a reader that goes by the first end in the file. */
  boolean endsLine(int character) {
    return character == '\n' || (character == '\r' && hasReturnsAlone);
  }

  /** The character that comes after some others, or -1 behind the end. */
  int peek(int ahead) throws IOException, TextFault {
    while (characters.remaining() <= ahead) {
      if (isBroken) {
        if (characters.hasRemaining()) {
          return -1; // what is before the place can still be read
        }
        throw Encodings.broken(encoding, line);
      }
      if (!decodeMore()) {
        return -1;
      }
    }
    return characters.get(characters.position() + ahead);
  }

  /** Whether there was more to decode. */
  private boolean decodeMore() throws IOException {
    if (isLastRead && !bytes.hasRemaining()) {
      return false;
    }
    characters.compact();
    CoderResult result = decoder.decode(bytes, characters, isLastRead);
    characters.flip();
    if (result.isError()) {
      isBroken = true;
    } else if (result.isUnderflow() && !isLastRead) {
      readBytes();
    } else if (result.isUnderflow()) {
      bytes.position(bytes.limit());
    }
    return true;
  }

  private void readBytes() throws IOException {
    bytes.compact();
    int count = in.readNBytes(bytes.array(), bytes.position(), bytes.remaining());
    isLastRead = count < bytes.remaining();
    bytes.position(bytes.position() + count);
    bytes.flip();
  }
}
