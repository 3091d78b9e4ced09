package io.sparkdiffusion.hub;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import java.util.Arrays;

/** Branches, tags and commits. */
final class HubRevision {

  private HubRevision() {}

  /** True for a whole commit, which never changes. */
  static boolean isCommit(String text) {
    return text.matches("[0-9a-f]{40}");
  }

  /** A revision names a file under {@code refs}, so it must not lead out of it. */
  static void require(String revision) {
    boolean isName =
        revision.matches("[\\w./+@#=-]{1,255}")
            && Arrays.stream(revision.split("/", -1))
                .noneMatch(part -> part.isEmpty() || part.startsWith("."));
    if (!isName) {
      throw new ProblemsException(
          "Cannot use revision: it must be a branch, tag or commit (%s)"
              .formatted(Shown.text(revision)));
    }
  }
}
