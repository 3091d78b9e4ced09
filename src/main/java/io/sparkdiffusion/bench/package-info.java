/** Measures the stages of a pipeline one by one; it imports the pipeline and what lies below. */
package io.sparkdiffusion.bench;
