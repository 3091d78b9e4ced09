package io.sparkdiffusion.graph;

/**
 * Rows of a matrix (R, C) in the place of its own or right behind them.
 *
 * @param first the place of the first, at most R behind the rows before
 * @param values n·C elements, row by row
 */
public record NewRows(long first, RawWeight values) {}
