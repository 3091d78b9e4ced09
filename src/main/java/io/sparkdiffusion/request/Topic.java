package io.sparkdiffusion.request;

/** Where the tables of settings tell of a parameter. */
public enum Topic {
  WHAT_TO_DRAW,
  HOW_TO_DRAW,
  SIZE
}
