/**
 * Measures the stages of a pipeline one by one, and gives {@code tools/gpu} what it runs on a
 * machine with a GPU; it imports the pipeline and what lies below.
 */
package io.sparkdiffusion.bench;
