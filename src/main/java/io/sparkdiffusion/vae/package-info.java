/** The decoder from latents to pixels; it imports graph, weights and config. */
package io.sparkdiffusion.vae;
