package io.sparkdiffusion.pipeline;

import java.time.Duration;

/** Where the time of a pipeline went, so far. */
public record PipelineTimes(Duration load, Duration compile, Duration inference) {}
