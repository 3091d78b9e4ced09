package io.sparkdiffusion.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Several downloads at a time; the first that fails ends them all. */
final class ParallelDownloads {

  /** As the official client's {@code max_workers}. */
  private static final int MOST_THREADS = 8;

  private ParallelDownloads() {}

  static void run(List<BlobDownload> downloads) throws IOException {
    if (downloads.isEmpty()) {
      return;
    }
    ExecutorService pool =
        Executors.newFixedThreadPool(
            Math.min(MOST_THREADS, downloads.size()),
            task -> {
              Thread thread = new Thread(task, "spark-diffusion-download");
              thread.setDaemon(true);
              return thread;
            });
    try {
      CompletionService<Void> done = new ExecutorCompletionService<>(pool);
      for (BlobDownload download : downloads) {
        done.submit(
            () -> {
              download.run();
              return null;
            });
      }
      for (int i = 0; i < downloads.size(); i++) {
        done.take().get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while files are downloaded");
    } catch (ExecutionException e) {
      throw failure(e.getCause());
    } finally {
      end(pool);
    }
  }

  private static IOException failure(Throwable cause) {
    if (cause instanceof IOException failed) {
      return failed;
    }
    if (cause instanceof RuntimeException refused) {
      throw refused;
    }
    throw new IllegalStateException(cause);
  }

  /** Nothing may write any more once the lock is given back. */
  private static void end(ExecutorService pool) {
    pool.shutdownNow();
    boolean isInterrupted = false;
    while (!pool.isTerminated()) {
      try {
        pool.awaitTermination(1, java.util.concurrent.TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
