/**
 * Files of weights: names, shapes and bytes, checked before they are read; it knows no model and
 * imports config, graph and msgpack.
 */
package io.sparkdiffusion.weights;
