package io.sparkdiffusion.weights;

import io.sparkdiffusion.graph.Shape;

/**
 * Where a tensor lies in a safetensors file.
 *
 * @param type the format's name of the element type, such as {@code F32}
 * @param begin first byte, counted from the start of the file
 * @param end byte after the last
 */
record StoredTensor(String name, String type, Shape shape, long begin, long end) {

  long bytes() {
    return end - begin;
  }
}
