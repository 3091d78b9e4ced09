package io.sparkdiffusion.util;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What an owner has opened so far, closed in reverse order. Closing goes on after a failure; later
 * failures are added to the first as suppressed.
 */
public final class ResourceStack implements AutoCloseable {

  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  /** Takes over a resource and hands it back. */
  public <T extends AutoCloseable> T push(T resource) {
    open.push(resource);
    return resource;
  }

  /** Closes all that was pushed; a second call does nothing. */
  @Override
  public void close() {
    RuntimeException first = null;
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        if (first == null) {
          first = new IllegalStateException("Cannot close a resource: " + e.getMessage(), e);
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
