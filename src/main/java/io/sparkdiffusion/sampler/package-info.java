/**
 * Samplers as arithmetic in plain doubles: when each denoising step is, and what it makes of its
 * tensors. It imports util beside the JDK.
 */
package io.sparkdiffusion.sampler;
