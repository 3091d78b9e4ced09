package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.family.ControlNetNetwork;

/**
 * A ControlNet of a pipeline.
 *
 * @param weight by which what it says is multiplied, beside each image's own scale
 */
public record WeightedControlNet(ControlNetNetwork network, double weight) {}
