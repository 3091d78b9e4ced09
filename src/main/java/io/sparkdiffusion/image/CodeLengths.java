package io.sparkdiffusion.image;

/** The lengths of a block's codes, run by run and in a code of their own (RFC 1951, 3.2.7). */
final class CodeLengths {

  private static final int SYMBOLS = 19;
  private static final int MOST_BITS = 7;
  private static final int AS_BEFORE = 16;
  private static final int ZEROS = 17;
  private static final int MANY_ZEROS = 18;

  /** The symbols by how often they come, so that the last ones need not be sent. */
  private static final int[] ORDER = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
  };

  private final HuffmanTree tree = new HuffmanTree(SYMBOLS, MOST_BITS);
  private final int[] runs = new int[400];
  private final int distances;
  private int count;
  private long bits;

  /** Of the codes of literals and of distances. */
  CodeLengths(HuffmanTree literals, HuffmanTree distances) {
    this.distances = distances.last() + 1;
    scan(literals);
    scan(distances);
    this.bits += tree.build();
    this.bits += 3L * sent() + 5 + 5 + 4;
  }

  private void scan(HuffmanTree of) {
    int before = -1;
    for (int symbol = 0; symbol <= of.last(); ) {
      int length = of.length(symbol);
      int most = length == 0 ? 138 : length == before ? 6 : 7;
      int run = 1;
      while (run < most && symbol + run <= of.last() && of.length(symbol + run) == length) {
        run++;
      }
      add(length, run, before);
      before = length;
      symbol += run;
    }
  }

  private void add(int length, int run, int before) {
    boolean isKnown = length == 0 || length == before;
    if (run < (isKnown ? 3 : 4)) {
      for (int i = 0; i < run; i++) {
        add(length, 0, 0, 0);
      }
    } else if (length != 0) {
      if (!isKnown) {
        add(length, 0, 0, 0);
      }
      add(AS_BEFORE, run - (isKnown ? 0 : 1) - 3, 2, 2);
    } else if (run <= 10) {
      add(ZEROS, run - 3, 3, 3);
    } else {
      add(MANY_ZEROS, run - 11, 7, 7);
    }
  }

  private void add(int symbol, int extra, int extraBits, int cost) {
    runs[count++] = symbol | (extra << 8) | (extraBits << 16);
    tree.count(symbol, 1);
    bits += cost;
  }

  private int sent() {
    int sent = SYMBOLS;
    while (sent > 4 && tree.length(ORDER[sent - 1]) == 0) {
      sent--;
    }
    return sent;
  }

  /** What they take, with the numbers of codes in front. */
  long bits() {
    return bits;
  }

  /** Sends all but the number of literals, which comes first. */
  void send(HuffmanDeflate to) {
    int sent = sent();
    to.send(distances - 1, 5);
    to.send(sent - 4, 4);
    for (int i = 0; i < sent; i++) {
      to.send(tree.length(ORDER[i]), 3);
    }
    for (int i = 0; i < count; i++) {
      int symbol = runs[i] & 0xFF;
      to.send(tree.code(symbol), tree.length(symbol));
      to.send((runs[i] >> 8) & 0xFF, runs[i] >> 16);
    }
  }
}
