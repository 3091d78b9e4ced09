/** The UNet that predicts noise; it imports graph, weights and config. */
package io.sparkdiffusion.unet;
