/**
 * Symbolic tensors that record TorchScript, and the means to compile and run what they recorded; it
 * imports the JDK and DJL's PyTorch engine.
 */
package io.sparkdiffusion.graph;
