/**
 * How a graph is made fast: passes from graph to graph, one idea each, and the target that says
 * which of them are taken. It imports the graph and the JDK.
 */
package io.sparkdiffusion.kernel;
