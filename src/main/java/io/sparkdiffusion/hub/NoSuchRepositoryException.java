package io.sparkdiffusion.hub;

import io.sparkdiffusion.config.ProblemsException;

/** The hub has no such repository, or does not let it be seen. */
public final class NoSuchRepositoryException extends ProblemsException {

  NoSuchRepositoryException(String problem) {
    super(problem);
  }
}
