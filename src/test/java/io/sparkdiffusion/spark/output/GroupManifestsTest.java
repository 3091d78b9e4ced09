package io.sparkdiffusion.spark.output;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.LocalSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GroupManifestsTest {

  @TempDir private Path folder;
  private GroupManifests manifests;

  @BeforeEach
  void open() throws IOException {
    FileSystem files = FileSystem.getLocal(new Configuration()).getRawFileSystem();
    manifests =
        new GroupManifests(
            LocalSpark.session(), files, new org.apache.hadoop.fs.Path(rows()), () -> {});
    manifests.mark();
  }

  /** An attempt of a task that did not count has left a file. */
  @Test
  void namesTheFilesThatCountAndRemovesOthers() throws IOException {
    write("group=run-0/part-0-a.parquet");
    write("group=run-0/part-0-b.parquet");
    commit("run-0", "part-0-b.parquet");
    assertThat(manifests.committed()).isEqualTo(listed("run-0", "part-0-b.parquet"));
    assertThat(names("group=run-0")).containsExactly("part-0-b.parquet");
  }

  @Test
  void countsNoGroupWithoutAListAndNoListThatIsNone() throws IOException {
    write("group=run-0/part.parquet");
    commit("run-0", "part.parquet");
    write("group=run-1/part.parquet");
    Files.writeString(folder.resolve("rows/_manifests/run-2.json"), "{\"files\":[\"group=run-");
    Files.writeString(folder.resolve("rows/_manifests/run-3.json"), "{\"group\":\"run-3\"}\n");
    Files.writeString(folder.resolve("rows/_manifests/run-4.json"), "");
    assertThat(manifests.committed()).isEqualTo(listed("run-0", "part.parquet"));
  }

  /** What is not committed goes, all else stays. */
  @Test
  void removesUnfinishedGroupsAndLists() throws IOException {
    write("group=run-0/part.parquet");
    commit("run-0", "part.parquet");
    write("group=dead-0/part.parquet");
    write("mine/notes.txt");
    Files.writeString(folder.resolve("rows/_manifests/dead-1.json"), "{\"files\":[\"group=dead-");
    manifests.removeUnfinished();
    assertThat(names("")).containsExactly("_manifests", "group=run-0", "mine");
    assertThat(names("_manifests")).containsExactly("README.txt", "run-0.json");
    assertThat(names("group=run-0")).containsExactly("part.parquet");
  }

  private String rows() {
    return folder.resolve("rows").toString();
  }

  private void commit(String group, String file) throws IOException {
    manifests.commit(
        group,
        List.of(new org.apache.hadoop.fs.Path(manifests.groupFolder(group), file)),
        new org.apache.hadoop.fs.Path(folder.resolve("staging").toString()));
  }

  private Map<String, List<String>> listed(String group, String file) {
    return Map.of(group, List.of("%s/group=%s/%s".formatted(rows(), group, file)));
  }

  private void write(String name) throws IOException {
    Path file = folder.resolve("rows").resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "rows");
  }

  private List<String> names(String of) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("rows").resolve(of))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
