package io.sparkdiffusion.adapter;

/**
 * An adapter and how much of it is added.
 *
 * @param weight 1 adds what was trained, 0 nothing
 */
public record WeightedAdapter(AdapterFile file, double weight) {}
