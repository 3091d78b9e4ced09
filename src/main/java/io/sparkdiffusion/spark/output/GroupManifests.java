package io.sparkdiffusion.spark.output;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sparkdiffusion.spark.table.LiteralPath;
import io.sparkdiffusion.spark.table.ResultColumns;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lists of committed groups in {@code rows/_manifests}: for each group a small file with one
 * line of JSON, written last. A file that no list names does not count, wherever it lies; a list
 * that was cut off is none.
 */
final class GroupManifests {

  static final String FOLDER = "_manifests";

  private static final Logger LOG = LoggerFactory.getLogger(GroupManifests.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String END = ".json";
  private static final String NOTE =
      """
      A group in rows/ counts only once a file NAME.json here lists its files, relative to rows/.
      Read those files and no others.
      """;

  private final SparkSession spark;
  private final FileSystem files;
  private final Path rows;
  private final Path folder;
  private final WholeFiles.Guard guard;

  /**
   * The lists of an output folder.
   *
   * @param rows the folder of all groups
   * @param guard without which nothing is listed or removed
   */
  GroupManifests(SparkSession spark, FileSystem files, Path rows, WholeFiles.Guard guard) {
    this.spark = spark;
    this.files = files;
    this.rows = rows;
    this.folder = new Path(rows, FOLDER);
    this.guard = guard;
  }

  /** The same for one who only reads. */
  public static GroupManifests readOnly(SparkSession spark, FileSystem files, Path rows) {
    return new GroupManifests(
        spark,
        files,
        rows,
        () -> {
          throw new IOException("the lists were opened to be read");
        });
  }

  static boolean isGroup(FileStatus entry) {
    return entry.getPath().getName().startsWith(ResultColumns.GROUP + "=");
  }

  /** Marks the folder as one whose groups are listed, before the first group is written. */
  synchronized void mark() throws IOException {
    Path note = new Path(folder, "README.txt");
    if (!files.exists(note)) {
      new WholeFiles(files).create(note, NOTE.getBytes(StandardCharsets.UTF_8));
    }
  }

  /**
   * Commits a group.
   *
   * @param written its files, below the group's folder
   * @param staging for a list that is half written
   */
  void commit(String group, List<Path> written, Path staging) throws IOException {
    Set<String> names = written.stream().map(Path::getName).collect(Collectors.toSet());
    removeStrays(group, names);
    String prefix = ResultColumns.GROUP + "=" + group + "/";
    List<String> listed = names.stream().map(name -> prefix + name).sorted().toList();
    Map<String, Object> list = new TreeMap<>(Map.of("group", group, "files", listed));
    byte[] line = (JSON.writeValueAsString(list) + "\n").getBytes(StandardCharsets.UTF_8);
    new WholeFiles(files).write(list(group), staging, line, guard);
  }

  /** What attempts have left that did not count, for readers that do not know the lists. */
  private void removeStrays(String group, Set<String> names) throws IOException {
    for (FileStatus file : files.listStatus(groupFolder(group))) {
      if (!names.contains(file.getPath().getName())) {
        files.delete(file.getPath(), false);
      }
    }
  }

  /** The files of all committed groups, by group. */
  Map<String, List<String>> committed() throws IOException {
    Map<String, List<String>> committed = new TreeMap<>();
    if (lists().isEmpty()) {
      return committed;
    }
    String all = LiteralPath.of(folder.toString()) + "/*" + END;
    for (String line : spark.read().textFile(all).collectAsList()) {
      parsed(line).ifPresent(list -> committed.put(list.get("group").asText(), paths(list)));
    }
    return committed;
  }

  private static Optional<JsonNode> parsed(String line) {
    try {
      JsonNode list = JSON.readTree(line);
      return Optional.of(list).filter(known -> known.has("group") && known.has("files"));
    } catch (JsonProcessingException e) {
      LOG.warn("A list of a group's files was cut off and does not count");
      return Optional.empty();
    }
  }

  private List<String> paths(JsonNode list) {
    List<String> paths = new ArrayList<>();
    list.get("files").forEach(file -> paths.add(rows + "/" + file.asText()));
    return paths;
  }

  /** Removes what is not committed; nobody else may be writing. */
  void removeUnfinished() throws IOException {
    Set<String> committed = committed().keySet();
    if (!files.exists(rows)) {
      return;
    }
    for (Path list : lists()) {
      if (!committed.contains(list.getName().replace(END, ""))) {
        guard.require();
        files.delete(list, false);
      }
    }
    for (FileStatus group : files.listStatus(rows)) {
      String name = group.getPath().getName().replaceFirst(ResultColumns.GROUP + "=", "");
      if (isGroup(group) && !committed.contains(name)) {
        guard.require();
        files.delete(group.getPath(), true);
      }
    }
  }

  /** Removes a committed group: first its list, so that no reader sees half of it. */
  void remove(String group) throws IOException {
    guard.require();
    files.delete(list(group), false);
    files.delete(groupFolder(group), true);
  }

  Path groupFolder(String group) {
    return new Path(rows, ResultColumns.GROUP + "=" + group);
  }

  private Path list(String group) {
    return new Path(folder, group + END);
  }

  private List<Path> lists() throws IOException {
    return files.exists(folder)
        ? Arrays.stream(files.listStatus(folder))
            .map(FileStatus::getPath)
            .filter(file -> file.getName().endsWith(END))
            .toList()
        : List.of();
  }
}
