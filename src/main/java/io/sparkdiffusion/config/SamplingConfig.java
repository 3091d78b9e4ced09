package io.sparkdiffusion.config;

import java.io.Serializable;

/**
 * What a row takes where it has no value of its own.
 *
 * @param negativePrompt concepts to avoid, empty for none
 * @param seed the job's seed
 * @param numImages pictures for each row
 * @param numInferenceSteps denoising steps
 * @param guidanceScale strength of classifier-free guidance
 * @param guidanceRescale share of the rescaled guidance
 * @param heightPixels a multiple of 8
 * @param widthPixels a multiple of 8
 * @param scheduler the sampler's name
 * @param eta share of DDIM's noise
 */
public record SamplingConfig(
    String negativePrompt,
    long seed,
    int numImages,
    int numInferenceSteps,
    double guidanceScale,
    double guidanceRescale,
    int heightPixels,
    int widthPixels,
    String scheduler,
    double eta)
    implements Serializable {}
