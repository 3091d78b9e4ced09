package io.sparkdiffusion.spark.executor;

import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/**
 * A thread beside a task's own, which makes its next batch while the task encodes and writes the
 * rows of the last one. What runs there knows of no {@link org.apache.spark.TaskContext}; who waits
 * for it hands on that the task was interrupted.
 */
final class AheadThread implements AutoCloseable {

  private final ExecutorService thread;
  private volatile Optional<Thread> running = Optional.empty();
  private volatile boolean isWaiterInterrupted;

  /** A thread that is begun with its first work. */
  AheadThread(String name) {
    this.thread =
        Executors.newSingleThreadExecutor(
            work -> {
              Thread made = new Thread(work, name);
              made.setDaemon(true);
              running = Optional.of(made);
              return made;
            });
  }

  /**
   * Begins work.
   *
   * @return waits for its end, and gives its result or throws what it threw
   */
  <T> Supplier<T> begin(Supplier<T> work) {
    Future<T> begun = thread.submit(() -> told(work));
    return () -> await(begun);
  }

  /** An executor forgets what interrupts its thread between two pieces of work. */
  private <T> T told(Supplier<T> work) {
    if (isWaiterInterrupted) {
      Thread.currentThread().interrupt();
    }
    return work.get();
  }

  /** Waits on where it is interrupted: the work is told, and ends as soon as it can. */
  private <T> T await(Future<T> begun) {
    try {
      while (true) {
        try {
          return begun.get();
        } catch (InterruptedException e) {
          isWaiterInterrupted = true;
          running.ifPresent(Thread::interrupt);
        }
      }
    } catch (ExecutionException e) {
      throw thrown(e.getCause());
    } finally {
      if (isWaiterInterrupted) {
        isWaiterInterrupted = false;
        Thread.currentThread().interrupt();
      }
    }
  }

  /** What a supplier can throw. */
  private static RuntimeException thrown(Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    return (RuntimeException) cause;
  }

  /** Interrupts what runs and waits for its end, since nobody else owns what it has opened. */
  @Override
  public void close() {
    thread.shutdownNow();
    running.ifPresent(AheadThread::awaitEnd);
  }

  private static void awaitEnd(Thread ending) {
    boolean isInterrupted = false;
    while (ending.isAlive()) {
      try {
        ending.join();
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
