package io.sparkdiffusion.spark.output;

import io.sparkdiffusion.config.OutputCommit;
import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.util.Arrays;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** How groups appear in an output folder. A folder keeps to one way. */
public enum CommitWay {
  /** Staged, then renamed in one step. */
  RENAME,
  /** Written where they stay, then listed by {@link GroupManifests}. */
  MANIFEST;

  private static final Logger LOG = LoggerFactory.getLogger(CommitWay.class);

  /**
   * Chooses, and says so in the log.
   *
   * @param root the output folder, which need not be there
   * @throws ProblemsException where the folder's groups have appeared in the other way
   */
  public static CommitWay of(OutputCommit asked, FileSystem files, Path root) throws IOException {
    CommitWay way =
        switch (asked) {
          case RENAME -> RENAME;
          case MANIFEST -> MANIFEST;
          case AUTO -> Storage.of(files) == Storage.FILE_SYSTEM ? RENAME : MANIFEST;
        };
    // Where nothing was asked for and all is as usual, there is nothing to know.
    boolean isUsual = asked == OutputCommit.AUTO && way == RENAME;
    LOG.atLevel(isUsual ? Level.DEBUG : Level.INFO)
        .log(
            "Groups appear in {} by {}: output_commit={}, the scheme is {}",
            root,
            way == RENAME ? "one rename" : "manifests",
            asked == OutputCommit.AUTO ? "auto" : "set",
            files.getUri().getScheme());
    way.requireUsual(files, root);
    return way;
  }

  private void requireUsual(FileSystem files, Path root) throws IOException {
    Path rows = new Path(root, "rows");
    if (!files.exists(rows)) {
      return;
    }
    boolean areListed = files.exists(new Path(rows, GroupManifests.FOLDER));
    boolean hasGroups = Arrays.stream(files.listStatus(rows)).anyMatch(GroupManifests::isGroup);
    if (this == RENAME ? areListed : hasGroups && !areListed) {
      throw new ProblemsException(
          ("Cannot write to output_dir %s: its groups have appeared by %s, go on with"
                  + " output_commit=%s or take another folder")
              .formatted(
                  root, areListed ? "manifests" : "renames", areListed ? "manifest" : "rename"));
    }
  }
}
