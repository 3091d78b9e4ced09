package io.sparkdiffusion.prompt;

/**
 * What the pictures of one UNet batch share; guidance scale and rescale vary inside a batch.
 *
 * @param guided false where guidance is at most 1 and the unconditional half is skipped
 */
public record BatchKey(
    int numInferenceSteps,
    int heightPixels,
    int widthPixels,
    String scheduler,
    double eta,
    boolean guided) {}
