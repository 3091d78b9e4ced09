/**
 * Which parts a model has, what its files are called, what its UNet is told, and which models are
 * published; it imports config, scheduler, graph, weights and the networks.
 */
package io.sparkdiffusion.family;
