package io.sparkdiffusion.hub;

import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The hub and this machine's cache of it. */
public final class Hub {

  private static final String USUAL_REVISION = "main";
  private static final String OFFLINE = "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set, so ";

  private final HubEnvironment environment;

  /** Asks and keeps as the environment says. */
  public Hub(HubEnvironment environment) {
    this.environment = environment;
  }

  /**
   * Finds out what a revision is and holds; offline, what the cache has of it.
   *
   * @param revision branch, tag or commit, empty for {@code main}
   * @throws ProblemsException where there is none, or it may not be seen
   * @throws IOException where the hub does not answer
   */
  public HubListing list(HubId id, String revision) throws IOException {
    String wanted = revision.isEmpty() ? USUAL_REVISION : revision;
    HubRevision.require(wanted);
    if (!environment.offline()) {
      return new HubApi(environment).list(id, wanted);
    }
    RepositoryCache cache = cache(id);
    Path snapshot = cache.require(wanted, OFFLINE);
    String commit = snapshot.getFileName().toString();
    return new HubListing(id, wanted, commit, cache.files(commit));
  }

  /**
   * The snapshot of a revision in a folder {@code models--org--name} of a hub's cache; nothing is
   * asked for.
   *
   * @param revision branch, tag or commit, empty for {@code main}
   * @throws ProblemsException where it is not there
   */
  public static Path snapshot(Path cacheFolder, String revision) throws IOException {
    return new RepositoryCache(cacheFolder)
        .require(revision.isEmpty() ? USUAL_REVISION : revision, "");
  }

  /**
   * The snapshot that this machine has of a revision; nothing is asked for.
   *
   * @param revision branch, tag or commit, empty for {@code main}
   * @throws ProblemsException where it is not there
   */
  public Path cached(HubId id, String revision) throws IOException {
    return snapshot(cache(id).folder(), revision);
  }

  /**
   * Makes sure that files are in the cache and downloads those that are not; one JVM of a machine
   * at a time does so for a cache.
   *
   * @return the snapshot's folder, which may hold more files
   * @throws ProblemsException where the hub does not give one of them, or offline where one is
   *     missing
   * @throws IOException where a connection breaks too often; what has come is kept
   */
  public Path fetch(HubListing wanted) throws IOException {
    RepositoryCache cache = cache(wanted.id());
    List<HubFile> missing = cache.missing(wanted);
    if (missing.isEmpty()) {
      noteIfWritable(cache, wanted);
      return cache.snapshot(wanted.commit());
    }
    if (environment.offline()) {
      throw new ProblemsException(
          missing.stream()
              .map(
                  file ->
                      "Cannot open %s of %s: %sthe cache %s must have it (missing, or not as the hub has it)"
                          .formatted(file.name(), wanted, OFFLINE, cache.folder()))
              .toList());
    }
    try (CacheLock lock = CacheLock.take(cache.lock())) {
      download(cache, wanted, cache.missing(wanted));
      cache.note(wanted.revision(), wanted.commit());
    }
    return cache.snapshot(wanted.commit());
  }

  private RepositoryCache cache(HubId id) {
    return new RepositoryCache(environment.cache(), id);
  }

  /** A complete cache may lie on a disk that cannot be written to. */
  private static void noteIfWritable(RepositoryCache cache, HubListing listing) throws IOException {
    if (Files.isWritable(cache.folder())) {
      cache.note(listing.revision(), listing.commit());
    }
  }

  private void download(RepositoryCache cache, HubListing listing, List<HubFile> missing)
      throws IOException {
    List<HubFile> known = new ArrayList<>();
    for (HubFile file : missing) {
      known.add(file.isKnown() ? file : details(listing, file));
    }
    // Files with the same bytes are one blob.
    Map<String, HubFile> blobs = new LinkedHashMap<>();
    known.stream()
        .filter(file -> !cache.hasBlob(file))
        .forEach(file -> blobs.putIfAbsent(file.etag(), file));
    requireRoom(cache, blobs.values());
    ParallelDownloads.run(
        blobs.values().stream()
            .map(file -> new BlobDownload(environment, cache, listing, file))
            .collect(Collectors.toList()));
    for (HubFile file : known) {
      cache.link(listing.commit(), file);
    }
  }

  /** Asks for what a listing did not tell, as the official client does for each file. */
  private HubFile details(HubListing listing, HubFile file) throws IOException {
    HubHttp http = new HubHttp(environment);
    HttpResponse<InputStream> answer = http.head(http.address(listing, file));
    answer.body().close();
    if (answer.statusCode() / 100 > 3) {
      throw new Refusal(environment, listing.id()).of(answer, listing.commit(), file.name());
    }
    HttpHeaders headers = answer.headers();
    String etag =
        headers.firstValue("X-Linked-Etag").or(() -> headers.firstValue("ETag")).orElse("");
    long bytes =
        headers
            .firstValueAsLong("X-Linked-Size")
            .orElseGet(() -> headers.firstValueAsLong("Content-Length").orElse(-1));
    HubFile told = new HubFile(file.name(), etag.replaceAll("^W/|\"", ""), bytes);
    if (!told.isKnown()) {
      throw new ProblemsException(
          "Cannot download %s of %s: the hub must give its ETag and size (%s, %s)"
              .formatted(file.name(), listing, etag.isEmpty() ? "none" : etag, bytes));
    }
    return told;
  }

  private static void requireRoom(RepositoryCache cache, Collection<HubFile> files)
      throws IOException {
    long needed = 0;
    for (HubFile file : files) {
      needed += file.bytes() - UnlinkedFiles.size(cache.partial(file.etag()));
    }
    cache.makeFolder();
    long free = Files.getFileStore(cache.folder()).getUsableSpace();
    if (needed > free) {
      throw new ProblemsException(
          "Cannot download to %s: its disk must have room for %s bytes (%s are free)"
              .formatted(cache.folder(), needed, free));
    }
  }
}
