package io.sparkdiffusion.config;

/** What a run does with what earlier runs have left. */
public enum Overwrite {
  /** Images that are there are skipped; new and changed ones are added. */
  NOTHING,
  /** All images are made again and added; the newest run counts. */
  IMAGES,
  /** All images are made again; once the run is done, what earlier runs left is removed. */
  EVERYTHING;

  /** Whether images are made again that are there. */
  public boolean makesAll() {
    return this != NOTHING;
  }

  /** Whether what earlier runs left goes once a run has ended well. */
  public boolean removesEarlier() {
    return this == EVERYTHING;
  }
}
