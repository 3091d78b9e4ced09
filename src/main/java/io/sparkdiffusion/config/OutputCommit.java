package io.sparkdiffusion.config;

/** How a group's rows appear in the output folder, all at once. */
public enum OutputCommit {
  /** What the file system can do, by its scheme. */
  AUTO,
  /** By one rename, which must be atomic. */
  RENAME,
  /** By a list of its files that is written last. */
  MANIFEST
}
