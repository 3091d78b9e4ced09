package io.sparkdiffusion.scheduler;

/**
 * One denoising step: {@code x' = sample * x + modelOutput * m + noise * z} for latents x, the
 * UNet's guided output m and fresh standard normal noise z.
 *
 * @param sample factor of the latents
 * @param modelOutput factor of the UNet's output, whatever it predicts
 * @param noise factor of the fresh noise; 0 where eta is 0, and then no noise is drawn
 */
public record StepCoefficients(double sample, double modelOutput, double noise) {}
