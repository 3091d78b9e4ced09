/** The command line of Spark Diffusion; it may import every other package. */
package io.sparkdiffusion;
