package io.sparkdiffusion.prompt;

import java.io.Serializable;

/**
 * What a row takes from the configuration where it has no value of its own.
 *
 * @param jobSeed rows without a seed derive theirs from it and their id
 */
public record RowDefaults(
    String negativePrompt,
    long jobSeed,
    int numImages,
    int numInferenceSteps,
    double guidanceScale,
    double guidanceRescale,
    int heightPixels,
    int widthPixels,
    String scheduler,
    double eta)
    implements Serializable {}
