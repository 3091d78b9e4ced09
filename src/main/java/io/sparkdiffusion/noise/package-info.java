/** Noise that equals PyTorch's CPU generator, bit for bit; it imports the JDK alone. */
package io.sparkdiffusion.noise;
