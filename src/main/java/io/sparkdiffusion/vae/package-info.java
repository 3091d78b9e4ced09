/** Encoder and decoder between pixels and latents; it imports graph, weights and config. */
package io.sparkdiffusion.vae;
