package io.sparkdiffusion.torch;

/**
 * Why no GPU can be used.
 *
 * @param reason such as {@code this machine has no NVIDIA driver}
 * @param fix what to do where a GPU is wanted
 */
public record NoGpu(String reason, String fix) {}
