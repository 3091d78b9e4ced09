package io.sparkdiffusion.image;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.Adler32;

/**
 * Compresses by Huffman codes alone: byte for byte what zlib gives with its best speed and its
 * strategy {@code Z_HUFFMAN_ONLY} (RFC 1950 and 1951), in less than half of its time.
 */
final class HuffmanDeflate {

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** zlib's with 8 for its memory: one less than 2 to the 14th. */
  private static final int BLOCK = (1 << 14) - 1;

  /** Window of 32 KB, fastest. */
  private static final byte[] HEADER = {0x78, 0x01};

  private static final int BYTES = 256;
  private static final int END_OF_BLOCK = 256;
  private static final int FIRST_LENGTH = 257;
  private static final int LITERALS_AND_LENGTHS = 286;
  private static final int DISTANCES = 30;
  private static final int LAST_OF_EIGHT_BITS = 143;
  private static final int MOST_BITS = 15;

  /** Takes what is compressed, in pieces. */
  @FunctionalInterface
  interface Pieces {
    /** The first bytes of a borrowed array. */
    void take(byte[] bytes, int length);
  }

  private final Pieces pieces;
  private final int pieceBytes;
  private final byte[] out;
  private final HuffmanTree literals = new HuffmanTree(LITERALS_AND_LENGTHS, MOST_BITS);
  private final HuffmanTree distances = new HuffmanTree(DISTANCES, MOST_BITS);
  private final Adler32 sum = new Adler32();
  private final byte[] block = new byte[BLOCK];
  private final int[] frequencies = new int[BYTES];
  private final int[] codes = new int[BYTES + 1];
  private int filled;
  private int position;
  private long pending;
  private int pendingBits;

  /** A stream in pieces of so many bytes; the last has what is left. */
  HuffmanDeflate(int pieceBytes, Pieces pieces) {
    this.pieces = pieces;
    this.pieceBytes = pieceBytes;
    // A block that does not shrink is stored, with a few bytes about it.
    this.out = new byte[pieceBytes + BLOCK + 64];
    System.arraycopy(HEADER, 0, out, 0, HEADER.length);
    this.position = HEADER.length;
  }

  /** Compresses more bytes. */
  void add(byte[] data) {
    sum.update(data);
    for (int from = 0; from < data.length; ) {
      int count = Math.min(BLOCK - filled, data.length - from);
      System.arraycopy(data, from, block, filled, count);
      from += count;
      filled += count;
      if (filled == BLOCK) {
        endBlock(false);
      }
    }
  }

  /** Compresses the rest. */
  void finish() {
    endBlock(true);
    align();
    for (int shift = Integer.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
      send((int) (sum.getValue() >>> shift) & 0xFF, Byte.SIZE);
    }
    give();
    if (position > 0) {
      pieces.take(out, position);
    }
  }

  private void endBlock(boolean isLast) {
    block(filled, isLast);
    filled = 0;
    give();
  }

  private void give() {
    while (position >= pieceBytes) {
      pieces.take(out, pieceBytes);
      position -= pieceBytes;
      System.arraycopy(out, pieceBytes, out, 0, position);
    }
  }

  private void block(int length, boolean isLast) {
    count(length);
    long bits = literals.build();
    distances.clear();
    distances.build();
    CodeLengths lengths = new CodeLengths(literals, distances);
    long byOwn = toBytes(bits + lengths.bits());
    long byFixed = toBytes(fixedBits());
    int last = isLast ? 1 : 0;
    if (length + 4 <= Math.min(byOwn, byFixed)) {
      send(last, 3);
      store(length);
    } else if (byFixed <= byOwn) {
      send((1 << 1) | last, 3);
      fixedCodes();
      compress(length);
    } else {
      send((2 << 1) | last, 3);
      send(literals.last() + 1 - FIRST_LENGTH, 5);
      lengths.send(this);
      ownCodes();
      compress(length);
    }
  }

  private void count(int length) {
    Arrays.fill(frequencies, 0);
    for (int i = 0; i < length; i++) {
      frequencies[block[i] & 0xFF]++;
    }
    literals.clear();
    for (int symbol = 0; symbol < BYTES; symbol++) {
      literals.count(symbol, frequencies[symbol]);
    }
    literals.count(END_OF_BLOCK, 1);
  }

  /** With the three bits that say which kind of block it is. */
  private static long toBytes(long bits) {
    return (bits + 3 + 7) >> 3;
  }

  private static int fixedLength(int symbol) {
    return symbol == END_OF_BLOCK ? 7 : symbol <= LAST_OF_EIGHT_BITS ? 8 : 9;
  }

  private long fixedBits() {
    long bits = fixedLength(END_OF_BLOCK);
    for (int symbol = 0; symbol < BYTES; symbol++) {
      bits += (long) frequencies[symbol] * fixedLength(symbol);
    }
    return bits;
  }

  /** RFC 1951, 3.2.6. */
  private void fixedCodes() {
    for (int symbol = 0; symbol < BYTES; symbol++) {
      int length = fixedLength(symbol);
      int code = symbol <= LAST_OF_EIGHT_BITS ? 0x30 + symbol : 0x190 + symbol - 144;
      codes[symbol] = entry(Integer.reverse(code) >>> (Integer.SIZE - length), length);
    }
    codes[END_OF_BLOCK] = entry(0, fixedLength(END_OF_BLOCK));
  }

  private void ownCodes() {
    for (int symbol = 0; symbol <= BYTES; symbol++) {
      codes[symbol] = entry(literals.code(symbol), literals.length(symbol));
    }
  }

  private static int entry(int code, int length) {
    return (code << 4) | length;
  }

  /** Three symbols at once, whose bits and those that wait fit a long; whole bytes go out. */
  private void compress(int length) {
    long bits = pending;
    int count = pendingBits;
    int at = position;
    int i = 0;
    for (; i + 2 < length; i += 3) {
      int first = codes[block[i] & 0xFF];
      int second = codes[block[i + 1] & 0xFF];
      int third = codes[block[i + 2] & 0xFF];
      int twoBits = (first & 0xF) + (second & 0xF);
      long two = (first >>> 4) | (long) (second >>> 4) << (first & 0xF);
      bits |= (two | (long) (third >>> 4) << twoBits) << count;
      count += twoBits + (third & 0xF);
      LONGS.set(out, at, bits);
      at += count >>> 3;
      bits >>>= count & ~7;
      count &= 7;
    }
    pending = bits;
    pendingBits = count;
    position = at;
    for (; i < length; i++) {
      send(codes[block[i] & 0xFF]);
    }
    send(codes[END_OF_BLOCK]);
  }

  private void send(int entry) {
    send(entry >>> 4, entry & 0xF);
  }

  /** Sends some bits, the first one lowest. */
  void send(int value, int bits) {
    pending |= (long) value << pendingBits;
    pendingBits += bits;
    while (pendingBits >= Byte.SIZE) {
      out[position++] = (byte) pending;
      pending >>>= Byte.SIZE;
      pendingBits -= Byte.SIZE;
    }
  }

  private void align() {
    send(0, -pendingBits & 7);
  }

  private void store(int length) {
    align();
    send(length, Short.SIZE);
    send(~length & 0xFFFF, Short.SIZE);
    System.arraycopy(block, 0, out, position, length);
    position += length;
  }
}
