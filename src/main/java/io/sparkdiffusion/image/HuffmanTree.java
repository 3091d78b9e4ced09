package io.sparkdiffusion.image;

import java.util.Arrays;

/**
 * A prefix code of the shortest total length, as zlib builds it (RFC 1951, 3.2.2; {@code trees.c}):
 * of equally frequent symbols the one whose tree is flatter is joined first, and codes that would
 * be too long borrow from shorter ones.
 */
final class HuffmanTree {

  private static final int MOST_BITS = 15;

  private final int symbols;
  private final int mostBits;

  /** How often each symbol comes; behind them, those of the joined ones. */
  private final int[] frequencies;

  private final int[] parents;
  private final int[] depths;
  private final int[] lengths;
  private final int[] codes;
  private final int[] heap;
  private int heapSize;
  private int last;

  /**
   * A code for so many symbols at most.
   *
   * @param mostBits of a symbol
   */
  HuffmanTree(int symbols, int mostBits) {
    this.symbols = symbols;
    this.mostBits = mostBits;
    this.frequencies = new int[2 * symbols + 1];
    this.parents = new int[2 * symbols + 1];
    this.depths = new int[2 * symbols + 1];
    this.lengths = new int[2 * symbols + 1];
    this.codes = new int[symbols];
    this.heap = new int[2 * symbols + 1];
  }

  /** Begins anew: no symbol has come. */
  void clear() {
    Arrays.fill(frequencies, 0);
  }

  void count(int symbol, int times) {
    frequencies[symbol] += times;
  }

  /** The bits of all symbols that were counted, without those that were added to have two. */
  long build() {
    heapSize = 0;
    last = -1;
    for (int symbol = 0; symbol < symbols; symbol++) {
      lengths[symbol] = 0;
      depths[symbol] = 0;
      if (frequencies[symbol] != 0) {
        heap[++heapSize] = symbol;
        last = symbol;
      }
    }
    int added = 0;
    for (; heapSize < 2; added++) {
      int symbol = last < 2 ? ++last : 0;
      heap[++heapSize] = symbol;
      frequencies[symbol] = 1;
    }
    int root = join();
    long bits = lengthen(root) - added;
    assign();
    return bits;
  }

  /** Joins the two least frequent ones until one is left; its place in the heap's upper part. */
  private int join() {
    for (int place = heapSize / 2; place >= 1; place--) {
      sink(place);
    }
    int node = symbols;
    int top = heap.length;
    while (heapSize >= 2) {
      int least = heap[1];
      heap[1] = heap[heapSize--];
      sink(1);
      int next = heap[1];
      heap[--top] = least;
      heap[--top] = next;
      frequencies[node] = frequencies[least] + frequencies[next];
      depths[node] = Math.max(depths[least], depths[next]) + 1;
      parents[least] = node;
      parents[next] = node;
      heap[1] = node++;
      sink(1);
    }
    heap[--top] = heap[1];
    return top;
  }

  private void sink(int from) {
    int place = from;
    int moved = heap[place];
    for (int child = 2 * place; child <= heapSize; child = 2 * place) {
      if (child < heapSize && isLess(heap[child + 1], heap[child])) {
        child++;
      }
      if (isLess(moved, heap[child])) {
        break;
      }
      heap[place] = heap[child];
      place = child;
    }
    heap[place] = moved;
  }

  private boolean isLess(int one, int other) {
    return frequencies[one] < frequencies[other]
        || (frequencies[one] == frequencies[other] && depths[one] <= depths[other]);
  }

  /** Sets the lengths, from the root at a place of the heap to the leaves; their bits. */
  private long lengthen(int root) {
    int[] ofLength = new int[MOST_BITS + 1];
    int overflow = 0;
    lengths[heap[root]] = 0;
    for (int place = root + 1; place < heap.length; place++) {
      int node = heap[place];
      lengths[node] = Math.min(mostBits, lengths[parents[node]] + 1);
      overflow += lengths[parents[node]] + 1 > mostBits ? 1 : 0;
      ofLength[lengths[node]] += node < symbols ? 1 : 0;
    }
    if (overflow > 0) {
      shorten(ofLength, overflow);
    }
    long bits = 0;
    for (int symbol = 0; symbol <= last; symbol++) {
      bits += (long) frequencies[symbol] * lengths[symbol];
    }
    return bits;
  }

  /** Makes room for those that are too long, the rarest first. */
  private void shorten(int[] ofLength, int overflow) {
    for (int left = overflow; left > 0; left -= 2) {
      int bits = mostBits - 1;
      while (ofLength[bits] == 0) {
        bits--;
      }
      ofLength[bits]--;
      ofLength[bits + 1] += 2;
      ofLength[mostBits]--;
    }
    int place = heap.length;
    for (int bits = mostBits; bits != 0; bits--) {
      for (int left = ofLength[bits]; left != 0; ) {
        int node = heap[--place];
        if (node < symbols) {
          lengths[node] = bits;
          left--;
        }
      }
    }
  }

  /** Codes of one length follow each other; bits are sent from the last to the first. */
  private void assign() {
    int[] ofLength = new int[MOST_BITS + 1];
    for (int symbol = 0; symbol <= last; symbol++) {
      ofLength[lengths[symbol]]++;
    }
    ofLength[0] = 0;
    int[] next = new int[MOST_BITS + 1];
    for (int bits = 1; bits <= MOST_BITS; bits++) {
      next[bits] = (next[bits - 1] + ofLength[bits - 1]) << 1;
    }
    for (int symbol = 0; symbol <= last; symbol++) {
      int length = lengths[symbol];
      if (length != 0) {
        codes[symbol] = Integer.reverse(next[length]++) >>> (Integer.SIZE - length);
      }
    }
  }

  /** The last symbol that has a code. */
  int last() {
    return last;
  }

  /** The bits of a symbol's code; 0 where it has none. */
  int length(int symbol) {
    return lengths[symbol];
  }

  /** A symbol's code, the first bit lowest. */
  int code(int symbol) {
    return codes[symbol];
  }
}
