package io.sparkdiffusion.kernel;

import io.sparkdiffusion.graph.Shape;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Sums, means and what is made of them, in double precision and rounded once. */
final class Reductions {

  /** What is added to the score of a query for a key. */
  interface Mask {

    /** The number for one query and key. */
    double of(int query, int key);
  }

  private Reductions() {}

  /** x (..., I) times the transpose of a weight (O, I). */
  static Values linear(Values x, Values weight, Shape shape) {
    int inner = (int) weight.shape().size(1);
    int outputs = (int) weight.shape().size(0);
    float[] numbers = new float[Math.toIntExact(shape.count())];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] =
          (float)
              dot(x.numbers(), i / outputs * inner, weight.numbers(), i % outputs * inner, inner);
    }
    return new Values(shape, numbers);
  }

  private static double dot(float[] a, int fromA, float[] b, int fromB, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += (double) a[fromA + i] * b[fromB + i];
    }
    return sum;
  }

  /** Products of the last two dimensions' matrices. */
  static Values product(Values a, Values b, Shape shape) {
    return Values.of(
        shape,
        i ->
            (float)
                LongStream.range(0, a.shape().size(3))
                    .mapToDouble(
                        k -> (double) a.at(i[0], i[1], i[2], k) * b.at(i[0], i[1], k, i[3]))
                    .sum());
  }

  /** x (B, I, H, W), weight (O, I, K, K), bias (O). */
  static Values convolution(Values x, Values weight, Values bias, int stride, int padding) {
    Shape in = x.shape();
    int kernel = (int) weight.shape().size(2);
    long height = (in.size(2) + 2L * padding - kernel) / stride + 1;
    long width = (in.size(3) + 2L * padding - kernel) / stride + 1;
    return Values.of(
        Shape.of(in.size(0), weight.shape().size(0), height, width),
        o -> {
          double sum = bias.at(o[1]);
          for (int c = 0; c < in.size(1); c++) {
            for (int i = 0; i < kernel * kernel; i++) {
              long row = o[2] * stride - padding + i / kernel;
              long column = o[3] * stride - padding + i % kernel;
              if (row >= 0 && row < in.size(2) && column >= 0 && column < in.size(3)) {
                sum +=
                    (double) x.at(o[0], c, row, column)
                        * weight.at(o[1], c, i / kernel, i % kernel);
              }
            }
          }
          return (float) sum;
        });
  }

  /** Whether all but the first dimension is finite: 1 or 0. */
  static Values finite(Values x, Shape shape) {
    int count = Math.toIntExact(x.shape().count() / shape.count());
    return Values.of(
        shape,
        row -> {
          int begin = Math.toIntExact(row[0] * count);
          return IntStream.range(begin, begin + count).allMatch(i -> Float.isFinite(x.numbers()[i]))
              ? 1
              : 0;
        });
  }

  /** Of each row all but the first dimension, unbiased. */
  static Values deviation(Values x, Shape shape) {
    int size = x.numbers().length / (int) shape.count();
    return Values.of(
        shape,
        i -> {
          double[] row = part(x, (int) i[0] * size, size);
          return (float) Math.sqrt(squares(row) / (size - 1));
        });
  }

  static Values groupNorm(Values x, Values weight, Values bias, long groups, double epsilon) {
    int channels = (int) x.shape().size(1);
    int plane = (int) (x.shape().count() / x.shape().size(0) / channels);
    int size = Math.toIntExact(channels / groups * plane);
    return normed(x, size, epsilon, i -> i / plane % channels, weight, bias);
  }

  /** Means and inverse deviations of x (B, N, G, K) over N and K: (2, B, 1, G, 1). */
  static Values moments(Values x, double epsilon) {
    Shape sizes = x.shape();
    int count = Math.toIntExact(sizes.size(1) * sizes.size(3));
    return Values.of(
        Shape.of(2, sizes.size(0), 1, sizes.size(2), 1),
        i -> {
          double[] group =
              IntStream.range(0, count)
                  .mapToDouble(n -> x.at(i[1], n / sizes.size(3), i[3], n % sizes.size(3)))
                  .toArray();
          double mean = Arrays.stream(group).average().orElse(0);
          double variance = Arrays.stream(group).map(v -> (v - mean) * (v - mean)).sum() / count;
          return (float) (i[0] == 0 ? mean : 1 / Math.sqrt(variance + epsilon));
        });
  }

  static Values layerNorm(Values x, Values weight, Values bias, double epsilon) {
    int width = (int) x.shape().size(-1);
    return normed(x, width, epsilon, i -> i % width, weight, bias);
  }

  private static Values normed(
      Values x, int size, double epsilon, IntUnaryOperator channel, Values weight, Values bias) {
    float[] numbers = new float[x.numbers().length];
    for (int from = 0; from < numbers.length; from += size) {
      double[] group = part(x, from, size);
      double mean = IntStream.range(0, size).mapToDouble(i -> group[i]).average().orElse(0);
      double deviation = Math.sqrt(squares(group) / size + epsilon);
      for (int i = 0; i < size; i++) {
        int c = channel.applyAsInt(from + i);
        numbers[from + i] =
            (float) ((group[i] - mean) / deviation * weight.numbers()[c] + bias.numbers()[c]);
      }
    }
    return new Values(x.shape(), numbers);
  }

  private static double[] part(Values x, int from, int size) {
    return IntStream.range(from, from + size).mapToDouble(i -> x.numbers()[i]).toArray();
  }

  /** The sum of the squares of what differs from the mean. */
  private static double squares(double[] values) {
    double mean = Arrays.stream(values).average().orElse(0);
    return Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
  }

  static Values softmax(Values x) {
    int width = (int) x.shape().size(-1);
    float[] numbers = new float[x.numbers().length];
    for (int from = 0; from < numbers.length; from += width) {
      double[] row = softmax(part(x, from, width));
      for (int i = 0; i < width; i++) {
        numbers[from + i] = (float) row[i];
      }
    }
    return new Values(x.shape(), numbers);
  }

  private static double[] softmax(double[] scores) {
    double largest = Arrays.stream(scores).max().orElse(0);
    double[] weights = Arrays.stream(scores).map(score -> Math.exp(score - largest)).toArray();
    double sum = Arrays.stream(weights).sum();
    return Arrays.stream(weights).map(weight -> weight / sum).toArray();
  }

  /** query (B, h, L, D), key and value (B, h, S, D). */
  static Values attention(Values query, Values key, Values value, double scale, Mask mask) {
    int width = (int) query.shape().size(3);
    int queries = (int) query.shape().size(2);
    int keys = (int) key.shape().size(2);
    float[] numbers = new float[query.numbers().length];
    for (int row = 0; row < numbers.length / width; row++) {
      int head = row / queries * keys;
      int q = row;
      double[] weights =
          softmax(
              IntStream.range(0, keys)
                  .mapToDouble(
                      k ->
                          scale
                                  * dot(
                                      query.numbers(),
                                      q * width,
                                      key.numbers(),
                                      (head + k) * width,
                                      width)
                              + mask.of(q % queries, k))
                  .toArray());
      for (int i = 0; i < width; i++) {
        int at = i;
        numbers[row * width + i] =
            (float)
                IntStream.range(0, keys)
                    .mapToDouble(k -> weights[k] * value.numbers()[(head + k) * width + at])
                    .sum();
      }
    }
    return new Values(query.shape(), numbers);
  }

  /** The error function: its series near 0, 1 less its continued fraction far from it. */
  static double erf(double x) {
    double size = Math.abs(x);
    if (size > 3) {
      double fraction = size;
      for (int i = 60; i > 0; i--) {
        fraction = size + i / 2.0 / fraction;
      }
      double rest = Math.exp(-size * size) / fraction / Math.sqrt(Math.PI);
      return Math.copySign(1 - rest, x);
    }
    double term = x;
    double sum = x;
    for (int i = 1; i < 80; i++) {
      term *= -x * x / i;
      sum += term / (2 * i + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }
}
