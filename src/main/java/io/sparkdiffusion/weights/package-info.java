/**
 * Model folders and files of weights, checked before they are read; it imports config, graph and
 * msgpack.
 */
package io.sparkdiffusion.weights;
