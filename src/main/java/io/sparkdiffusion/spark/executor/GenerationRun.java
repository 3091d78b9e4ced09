package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.config.ExecutionConfig;
import java.io.Serializable;

/** What every task of a run knows. */
public record GenerationRun(
    String runId, Model model, ExecutionConfig execution, PictureStore store)
    implements Serializable {}
