package io.sparkdiffusion.torch;

/**
 * Whether other work takes processors from this process.
 *
 * @param isCrowded whether it does
 * @param calmLooks how many looks in turn have found fewer lost processors than {@link #CALM}
 */
record Crowding(boolean isCrowded, int calmLooks) {

  /** At the start. */
  static final Crowding NONE = new Crowding(false, 0);

  // Lost processors on average; one other program that computes without pause takes half a one.
  static final double CROWDED = 0.3;
  static final double CALM = 0.15;

  // To spin among other work costs ten times the time, not to spin without it a third.
  static final int LOOKS_OF_CALM = 4;

  /** What to think after another look. */
  Crowding after(double lostProcessors) {
    if (lostProcessors > CROWDED) {
      return new Crowding(true, 0);
    }
    int calm = lostProcessors < CALM ? Math.min(calmLooks + 1, LOOKS_OF_CALM) : 0;
    return new Crowding(isCrowded && calm < LOOKS_OF_CALM, calm);
  }
}
