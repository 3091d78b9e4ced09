package io.sparkdiffusion.hub;

import java.io.Serializable;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Files of a repository at one commit, so that all machines take the same.
 *
 * @param revision the branch, tag or commit that was asked for
 * @param commit what it was then, 40 hex digits
 * @param files by path
 */
public record HubListing(HubId id, String revision, String commit, SortedMap<String, HubFile> files)
    implements Serializable {

  /** Keeps a copy. */
  public HubListing {
    if (!HubRevision.isCommit(commit)) {
      throw new IllegalArgumentException("no commit: " + commit);
    }
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
  }

  /** The same with some of its files. */
  public HubListing only(Predicate<String> names) {
    SortedMap<String, HubFile> some = new TreeMap<>(files);
    some.keySet().removeIf(names.negate());
    return new HubListing(id, revision, commit, some);
  }

  @Override
  public String toString() {
    return "%s at %s".formatted(id, commit);
  }
}
