package io.sparkdiffusion.testing;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PathIOException;

/**
 * The local disk as S3 is seen through s3a, for {@code s3a://bucket/}: an object appears whole once
 * it is closed, whoever closes last wins, also where an object must not be there, and a rename
 * copies one object after the other. All that use it can die at an object: from then on nothing
 * changes.
 */
public final class ObjectStore extends LocalDisk {

  private static final String BUCKET = "s3a://bucket";
  private static final String CLASS = "fs.s3a.impl";
  private static final AtomicInteger LEFT = new AtomicInteger();
  private static final AtomicInteger REPLACED = new AtomicInteger();
  private static final AtomicInteger RENAMES = new AtomicInteger();

  private static final String NOWHERE = "?";
  private static final long APART_MILLIS = 60;

  private static volatile String dyingAt = "";
  private static volatile String unansweredAt = NOWHERE;
  private static volatile String replacedAt = NOWHERE;
  private static volatile String dyingIn = NOWHERE;
  private static volatile boolean isDead;
  private static volatile CyclicBarrier together = new CyclicBarrier(1);

  /** Makes the bucket known to Hadoop. */
  public static void register(Configuration hadoop) {
    hadoop.set(CLASS, ObjectStore.class.getName());
    hadoop.set("fs.s3a.impl.disable.cache", "true");
  }

  /** Lets Hadoop know of s3a what it usually does: other tests of this JVM ask for that. */
  public static void unregister(Configuration hadoop) {
    hadoop.set(CLASS, new Configuration().get(CLASS));
  }

  /** The location of a local folder. */
  public static String locationOf(java.nio.file.Path folder) {
    return BUCKET + folder.toAbsolutePath().toString();
  }

  /** Everything dies before so many more objects are written whose names end so. */
  public static void dieAt(String ending, int objects) {
    LEFT.set(objects);
    dyingAt = ending;
  }

  /** Everything dies once something is deleted whose path has this in it. */
  public static void dieAfterDeletingIn(String part) {
    dyingIn = part;
  }

  /** The next object whose name ends so is stored, and its writer told that it is not. */
  public static void loseAnswerTo(String ending) {
    unansweredAt = ending;
  }

  /** So many readers of objects whose names end so come after another one has replaced them. */
  public static void replaceBeforeReading(String ending, int readers) {
    REPLACED.set(readers);
    replacedAt = ending;
  }

  /** Lets all that use it live, one by one. */
  public static void revive() {
    dyingAt = "";
    unansweredAt = NOWHERE;
    replacedAt = NOWHERE;
    dyingIn = NOWHERE;
    isDead = false;
    together = new CyclicBarrier(1);
  }

  /** So many find together that an object is not there yet, and write it one after the other. */
  public static void createTogether(int threads) {
    together = new CyclicBarrier(threads);
  }

  /** How often a file or folder was renamed. */
  public static int renames() {
    return RENAMES.get();
  }

  private static void requireAlive() throws IOException {
    if (isDead) {
      throw new IOException("killed");
    }
  }

  @Override
  String root() {
    return BUCKET;
  }

  @Override
  public FSDataInputStream open(Path file, int bufferBytes) throws IOException {
    if (file.toString().endsWith(replacedAt) && REPLACED.getAndDecrement() > 0) {
      throw new PathIOException(file.toString(), "Change reported by S3 during open");
    }
    return super.open(file, bufferBytes);
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    RENAMES.incrementAndGet();
    if (!getFileStatus(from).isDirectory()) {
      requireAlive();
      return super.rename(from, to);
    }
    for (FileStatus inside : listStatus(from)) {
      mkdirs(to);
      rename(inside.getPath(), new Path(to, inside.getPath().getName()));
    }
    return delete(from, true);
  }

  @Override
  public boolean delete(Path file, boolean isRecursive) throws IOException {
    requireAlive();
    boolean isDeleted = super.delete(file, isRecursive);
    isDead |= file.toString().contains(dyingIn);
    return isDeleted;
  }

  @Override
  public boolean mkdirs(Path folder) throws IOException {
    requireAlive();
    return super.mkdirs(folder);
  }

  @Override
  FSDataOutputStream created(Path file, boolean overwrite, Creation onDisk) throws IOException {
    requireAlive();
    if (!overwrite && exists(file)) {
      throw new FileAlreadyExistsException("File already exists: " + file);
    }
    if (!overwrite) {
      awaitOthers();
    }
    return new FSDataOutputStream(new Upload(pathToFile(file).toPath()), null);
  }

  private static void awaitOthers() throws IOException {
    try {
      Thread.sleep(APART_MILLIS * together.await(10, TimeUnit.SECONDS));
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new IOException("the others did not come", e);
    }
  }

  private static final class Upload extends FilterOutputStream {

    private final java.nio.file.Path object;
    private final java.nio.file.Path parts;
    private boolean isClosed;

    Upload(java.nio.file.Path object) throws IOException {
      this(object, Files.createTempFile("upload", ".part"));
    }

    private Upload(java.nio.file.Path object, java.nio.file.Path parts) throws IOException {
      super(Files.newOutputStream(parts));
      this.object = object;
      this.parts = parts;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
    }

    @Override
    public void close() throws IOException {
      if (isClosed) {
        return;
      }
      isClosed = true;
      try (OutputStream uploaded = out) {
        uploaded.flush();
      }
      try {
        String ending = dyingAt;
        if (!ending.isEmpty() && object.toString().endsWith(ending)) {
          isDead |= LEFT.decrementAndGet() < 0;
        }
        requireAlive();
        Files.createDirectories(object.getParent());
        Files.move(parts, object, StandardCopyOption.REPLACE_EXISTING);
        if (object.toString().endsWith(unansweredAt)) {
          unansweredAt = NOWHERE;
          throw new IOException("no answer");
        }
      } finally {
        Files.deleteIfExists(parts);
      }
    }
  }
}
