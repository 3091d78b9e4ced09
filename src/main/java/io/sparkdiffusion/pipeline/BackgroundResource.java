package io.sparkdiffusion.pipeline;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/** Something that is being made on a thread of its own while its owner does something else. */
final class BackgroundResource<T extends AutoCloseable> implements AutoCloseable {

  private final CompletableFuture<T> making;

  /**
   * Begins.
   *
   * @param name of the thread, which is a daemon
   * @param make makes what this then owns
   */
  BackgroundResource(String name, Supplier<T> make) {
    this.making = CompletableFuture.supplyAsync(make, work -> start(name, work));
  }

  private static void start(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  /** Waits for what is made; where making fails, that failure is thrown. */
  T get() {
    try {
      return making.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** Waits, and closes what was made. */
  @Override
  public void close() throws Exception {
    T made;
    try {
      made = making.join();
    } catch (CompletionException e) {
      return;
    }
    made.close();
  }
}
