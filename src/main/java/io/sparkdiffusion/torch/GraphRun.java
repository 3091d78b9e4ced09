package io.sparkdiffusion.torch;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** Java Flight Recorder's event of one native call, which a recording has to ask for. */
@Name(GraphRun.NAME)
@Label("Graph run")
@Description("One forward pass of a compiled graph")
@Category("Spark Diffusion")
@Enabled(false)
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // its fields are read by the recorder
final class GraphRun extends Event {

  static final String NAME = "io.sparkdiffusion.GraphRun";

  @Label("Graph")
  private final String graph;

  @Label("Beginning of the script's SHA-256")
  private final String script;

  /** A run of a graph, timed from {@link #begin()} to {@link #commit()}. */
  GraphRun(String graph, String script) {
    this.graph = graph;
    this.script = script;
  }
}
