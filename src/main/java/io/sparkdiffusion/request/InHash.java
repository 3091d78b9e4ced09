package io.sparkdiffusion.request;

/** Whether a parameter decides the image, and is part of the request hash then. */
public enum InHash {
  NO,
  YES,
  /**
   * Where it has another value than its usual one: for a parameter that is new, so that the images
   * that there are keep their hashes and are not made again.
   */
  UNLESS_USUAL,
  /** As {@link InputImage} says, for what only images with input images depend on. */
  BY_INPUT,
  /** It decides the image by what is loaded: the model's digest stands for it. */
  IN_MODEL
}
