/**
 * A forward pass as nodes over symbolic tensors, each with its shape: pure, it knows no device, no
 * kernel and no library, and imports the JDK alone.
 */
package io.sparkdiffusion.graph;
