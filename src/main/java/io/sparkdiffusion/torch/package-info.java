/**
 * libtorch by way of DJL: the one writer of TorchScript, compiled graphs, weights and devices. No
 * other package names an operator of ATen's or oneDNN's.
 */
package io.sparkdiffusion.torch;
