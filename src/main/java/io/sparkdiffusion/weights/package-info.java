/**
 * Model folders and safetensors files, checked before they are read; it imports config and graph.
 */
package io.sparkdiffusion.weights;
