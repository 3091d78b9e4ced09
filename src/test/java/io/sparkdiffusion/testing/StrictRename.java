package io.sparkdiffusion.testing;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The local disk under {@code strict:/} with HDFS's rules: a rename never replaces a file, only one
 * through a {@code FileContext} that asks for it does, in one step. With such a context it refuses
 * to delete or to write into a file that readers know, which is one whose path has no underscore.
 */
public final class StrictRename extends LocalDisk {

  private static final String SCHEME = "strict";
  private static final String ROOT = SCHEME + ":///";

  /** Makes the file system known to Hadoop, with a file context or without. */
  public static void register(Configuration hadoop, boolean hasContext) {
    hadoop.set("fs.strict.impl", StrictRename.class.getName());
    hadoop.set("fs.strict.impl.disable.cache", "true");
    if (hasContext) {
      hadoop.set("fs.AbstractFileSystem.strict.impl", Context.class.getName());
    }
  }

  @Override
  String root() {
    return ROOT;
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    return !exists(to) && super.rename(from, to);
  }

  @Override
  public boolean delete(Path file, boolean isRecursive) throws IOException {
    refuse(file);
    return super.delete(file, isRecursive);
  }

  @Override
  FSDataOutputStream created(Path file, boolean overwrite, Creation onDisk) throws IOException {
    refuse(file);
    return super.created(file, overwrite, onDisk);
  }

  private void refuse(Path file) throws IOException {
    boolean hasContext = getConf().get("fs.AbstractFileSystem.strict.impl") != null;
    if (hasContext && !file.toUri().getPath().contains("/_")) {
      throw new IOException("readers may look at it: " + file);
    }
  }

  /** What Hadoop opens for a file context. */
  public static final class Context extends DelegateToFileSystem {

    /** Called by Hadoop. */
    public Context(URI uri, Configuration hadoop) throws IOException, URISyntaxException {
      super(uri, opened(hadoop), hadoop, SCHEME, false);
    }

    private static FileSystem opened(Configuration hadoop) throws IOException {
      return new Path(ROOT).getFileSystem(hadoop);
    }

    @Override
    public void renameInternal(Path from, Path to, boolean overwrite) throws IOException {
      if (!overwrite) {
        throw new IOException("a rename must ask to replace");
      }
      Files.move(local(from), local(to), StandardCopyOption.ATOMIC_MOVE);
    }

    private static java.nio.file.Path local(Path path) {
      return java.nio.file.Path.of(path.toUri().getPath());
    }
  }
}
