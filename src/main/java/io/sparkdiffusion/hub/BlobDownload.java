package io.sparkdiffusion.hub;

import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Brings one file into the cache. What has come before a break stays; the rest is asked for. */
final class BlobDownload {

  private static final int BLOCK_BYTES = 1 << 16;
  private static final int OK = 200;
  private static final int PARTIAL = 206;
  private static final int NOT_IN_RANGE = 416;

  private final HubEnvironment environment;
  private final HubHttp http;
  private final RepositoryCache cache;
  private final HubListing listing;
  private final HubFile file;
  private final Path partial;

  /** A file whose etag and size are known. */
  BlobDownload(
      HubEnvironment environment, RepositoryCache cache, HubListing listing, HubFile file) {
    this.environment = environment;
    this.http = new HubHttp(environment);
    this.cache = cache;
    this.listing = listing;
    this.file = file;
    this.partial = cache.partial(file.etag());
  }

  /**
   * Downloads and checks it.
   *
   * @throws ProblemsException where the hub does not give it, or not as it says that it is
   * @throws IOException where the connection breaks too often
   */
  void run() throws IOException {
    cache.makeBlobsFolder();
    try (FileChannel channel = UnlinkedFiles.openLock(cache.lock(file.etag()));
        FileLock lock = channel.lock()) {
      if (!cache.hasBlob(file)) {
        complete();
        verify();
        Files.move(partial, cache.blob(file.etag()), StandardCopyOption.ATOMIC_MOVE);
      }
    }
  }

  /** Gives up where nothing more comes; whatever comes is kept and counts as a new beginning. */
  private void complete() throws IOException {
    int tried = 0;
    for (long have = size(); have != file.bytes(); ) {
      String failure = append(have > file.bytes() ? 0 : have);
      long now = size();
      tried = now > have ? 1 : tried + 1;
      if (now != file.bytes()) {
        if (tried >= environment.patience().tries()) {
          throw new IOException(
              "%s: %s of %s bytes have come (%s)"
                  .formatted(file.name(), now, file.bytes(), failure));
        }
        HubHttp.pause(environment.patience().after(tried));
      }
      have = now;
    }
    if (!Files.exists(partial)) {
      UnlinkedFiles.create(partial).close();
    }
  }

  private long size() throws IOException {
    return UnlinkedFiles.size(partial);
  }

  /** Appends what comes and says why it has ended, if it was not the file's end. */
  private String append(long first) throws IOException {
    HttpResponse<InputStream> answer = http.get(http.address(listing, file), first);
    try (InputStream body = answer.body()) {
      switch (answer.statusCode()) {
        case OK -> copy(body, 0);
        case PARTIAL -> {
          requireFrom(first, answer);
          copy(body, first);
        }
        case NOT_IN_RANGE -> {
          Files.deleteIfExists(partial);
          return "the hub has no bytes from %s on".formatted(first);
        }
        default -> throw refused(answer);
      }
      return "the connection broke";
    } catch (InterruptedIOException | FileSystemException e) {
      throw e;
    } catch (IOException e) {
      return "the connection broke: " + e.getMessage();
    }
  }

  private ProblemsException refused(HttpResponse<?> answer) {
    return new Refusal(environment, listing.id()).of(answer, listing.commit(), file.name());
  }

  private static void requireFrom(long first, HttpResponse<?> answer) throws IOException {
    String range = answer.headers().firstValue("Content-Range").orElse("none");
    if (!range.startsWith("bytes %s-".formatted(first))) {
      throw new IOException("asked for bytes from %s on, got %s".formatted(first, range));
    }
  }

  private void copy(InputStream body, long first) throws IOException {
    long written = first;
    try (SilenceGuard guard = new SilenceGuard(body, environment.patience().silence());
        OutputStream out = open(first)) {
      byte[] block = new byte[BLOCK_BYTES];
      for (int read = body.read(block); read >= 0; read = body.read(block)) {
        guard.heard();
        if (Thread.interrupted()) {
          throw new InterruptedIOException("another download has failed");
        }
        out.write(block, 0, read);
        written += read;
        if (written > file.bytes()) {
          throw wrong("more than %s bytes have come".formatted(file.bytes()));
        }
      }
    }
  }

  private OutputStream open(long first) throws IOException {
    return first == 0 ? UnlinkedFiles.create(partial) : UnlinkedFiles.append(partial);
  }

  private void verify() throws IOException {
    String found = BlobHash.of(partial, file);
    if (!found.equals(file.etag())) {
      throw wrong("it has %s".formatted(found));
    }
  }

  private ProblemsException wrong(String how) throws IOException {
    Files.deleteIfExists(partial);
    return new ProblemsException(
        "Cannot download %s of %s: it must be the hub's %s of %s bytes (%s); it was removed"
            .formatted(file.name(), listing, file.etag(), file.bytes(), how));
  }
}
