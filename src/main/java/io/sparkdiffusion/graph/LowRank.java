package io.sparkdiffusion.graph;

/**
 * What a low-rank adapter adds to a weight of shape (O, ...): {@code scale · up · down} (arXiv
 * 2106.09685, section 4.1), of the weight's shape without its grouping into axes.
 *
 * @param scale a factor
 * @param up O·R elements, row by row
 * @param down R·I elements, row by row, where I is what one output of the weight has
 * @param rank R
 */
public record LowRank(double scale, RawWeight up, RawWeight down, long rank) {}
