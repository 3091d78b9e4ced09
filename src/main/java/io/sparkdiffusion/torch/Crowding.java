package io.sparkdiffusion.torch;

/**
 * Whether other work takes processors from this process.
 *
 * @param isCrowded whether it does
 * @param otherLooks how many looks in turn speak for the other state
 */
record Crowding(boolean isCrowded, int otherLooks) {

  /** At the start. */
  static final Crowding NONE = new Crowding(false, 0);

  // Lost processors on average; one other program that computes without pause takes half a one.
  static final double CROWDED = 0.3;
  static final double CALM = 0.15;

  // Half a second each. The JVM's own compiler and collector crowd a process for a look or two.
  static final int LOOKS_OF_CROWD = 3;
  static final int LOOKS_OF_CALM = 4;

  /** What to think after another look. */
  Crowding after(double lostProcessors) {
    boolean isOther = isCrowded ? lostProcessors < CALM : lostProcessors > CROWDED;
    int looks = isOther ? otherLooks + 1 : 0;
    int enough = isCrowded ? LOOKS_OF_CALM : LOOKS_OF_CROWD;
    return looks < enough ? new Crowding(isCrowded, looks) : new Crowding(!isCrowded, 0);
  }
}
