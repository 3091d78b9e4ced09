package io.sparkdiffusion.spark.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalFilesTest {

  private static final byte[] CONTENT = "an image".getBytes(StandardCharsets.UTF_8);

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"022", "027", "077", "002"})
  void aFileHasThePermissionsThatHadoopGives(String umask) throws IOException {
    RawLocalFileSystem files = files(umask);
    try (FSDataOutputStream out = files.create(hadoop("theirs"), true)) {
      out.write(CONTENT);
    }
    new WholeFiles(files).create(hadoop("ours"), CONTENT);

    assertThat(permissions("ours")).isEqualTo(permissions("theirs"));
    assertThat(folder.resolve("ours")).hasBinaryContent(CONTENT);
  }

  @Test
  void aFileIsOverwrittenAndItsFoldersAreMade() throws IOException {
    WholeFiles files = new WholeFiles(files("022"));
    files.create(hadoop("a/b/file"), new byte[100]);
    files.create(hadoop("a/b/file"), CONTENT);
    assertThat(folder.resolve("a/b/file")).hasBinaryContent(CONTENT);
  }

  private static RawLocalFileSystem files(String umask) throws IOException {
    Configuration configuration = new Configuration();
    configuration.set("fs.permissions.umask-mode", umask);
    RawLocalFileSystem files = new RawLocalFileSystem();
    files.initialize(java.net.URI.create("file:///"), configuration);
    return files;
  }

  private org.apache.hadoop.fs.Path hadoop(String name) {
    return new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
  }

  private String permissions(String name) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name)));
  }
}
