package io.sparkdiffusion.hub;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.StrictJson;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the hub says of a repository (huggingface_hub, hf_api.py, {@code model_info}). */
final class HubApi {

  private static final int OK = 200;

  private final HubEnvironment environment;

  HubApi(HubEnvironment environment) {
    this.environment = environment;
  }

  /** The commit of a revision and its files, in one request. */
  HubListing list(HubId id, String revision) throws IOException {
    HubHttp http = new HubHttp(environment);
    HttpResponse<InputStream> answer =
        http.get(
            http.address(
                "/api/models/%s/revision/%s?blobs=true"
                    .formatted(id, HubPath.encodePart(revision))),
            0);
    try (InputStream body = answer.body();
        SilenceGuard guard =
            new SilenceGuard(body, environment.patience().silence().multipliedBy(6))) {
      if (answer.statusCode() != OK) {
        throw new Refusal(environment, id).of(answer, revision, "");
      }
      return listing(id, revision, StrictJson.read(body, "the hub's answer on " + id));
    }
  }

  private static HubListing listing(HubId id, String revision, Map<String, Object> json) {
    if (!(json.get("sha") instanceof String commit)
        || !HubRevision.isCommit(commit)
        || !(json.get("siblings") instanceof List<?> siblings)) {
      throw new ProblemsException(
          "Cannot read the hub's answer on %s: it must hold sha and siblings (it holds %s)"
              .formatted(id, json.keySet()));
    }
    SortedMap<String, HubFile> files = new TreeMap<>();
    for (Object sibling : siblings) {
      HubFile file = file(id, sibling);
      files.put(file.name(), file);
    }
    return new HubListing(id, revision, commit, files);
  }

  private static HubFile file(HubId id, Object sibling) {
    if (!(sibling instanceof Map<?, ?> entry) || !(entry.get("rfilename") instanceof String name)) {
      throw new ProblemsException(
          "Cannot read the hub's answer on %s: each of siblings must have rfilename (%s)"
              .formatted(id, sibling));
    }
    return entry.get("lfs") instanceof Map<?, ?> large
        ? new HubFile(name, text(large.get("sha256")), number(large.get("size")))
        : new HubFile(name, text(entry.get("blobId")), number(entry.get("size")));
  }

  private static String text(Object value) {
    return value instanceof String text ? text : "";
  }

  private static long number(Object value) {
    return value instanceof Number number ? number.longValue() : -1;
  }
}
