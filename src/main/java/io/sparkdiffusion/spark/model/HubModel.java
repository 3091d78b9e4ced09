package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.AccessToken;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.DiffusersFolder;
import io.sparkdiffusion.family.PublishedModel;
import io.sparkdiffusion.hub.Hub;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.hub.HubFile;
import io.sparkdiffusion.hub.HubId;
import io.sparkdiffusion.hub.HubListing;
import io.sparkdiffusion.hub.NoSuchRepositoryException;
import io.sparkdiffusion.weights.ModelSums;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model or a ControlNet of the hub at the commit that the driver has found.
 *
 * @param kind what is looked for
 * @param listing the files that it needs
 * @param weights which of its weights are used
 * @param endpoint the driver's hub
 * @param cacheDirectory where a machine keeps them, empty for its hub cache
 * @param token the setting's; without one, each machine uses its own
 * @param <F> what it is opened as
 */
record HubModel<F extends DiffusersFolder>(
    FolderKind<F> kind,
    HubListing listing,
    WeightChoice weights,
    URI endpoint,
    String cacheDirectory,
    AccessToken token)
    implements ModelSource<F> {

  private static final Logger LOG = LoggerFactory.getLogger(HubModel.class);

  /** Asks the hub, or offline the cache, and downloads the small files, which name the others. */
  static <F extends DiffusersFolder> HubModel<F> resolve(
      FolderKind<F> kind, HubId id, ModelConfig model, HubEnvironment environment) {
    HubEnvironment used = settled(environment, model.cacheDirectory(), model.accessToken());
    Hub hub = new Hub(used);
    try {
      HubListing parts = hub.list(id, model.revision()).only(kind::mayBePart);
      LOG.info("Using {} {}", kind.label(), parts);
      Path snapshot = hub.fetch(parts.only(kind::isDescription));
      String shown = used.offline() ? snapshot + " (offline)" : parts.toString();
      Collection<String> needed =
          NeededFiles.of(kind, parts.files().keySet(), model.weights(), snapshot, shown);
      HubListing listing = parts.only(name -> kind.isDescription(name) || needed.contains(name));
      requirePublished(listing);
      return new HubModel<>(
          kind,
          listing,
          model.weights(),
          environment.endpoint(),
          model.cacheDirectory(),
          model.accessToken());
    } catch (NoSuchRepositoryException e) {
      throw PublishedModel.removal(id.name())
          .map(advice -> ProblemsException.withFix(e.getMessage(), advice).initCause(e))
          .map(ProblemsException.class::cast)
          .orElse(e);
    } catch (IOException e) {
      throw failed(kind, id.toString(), used, e);
    }
  }

  static HubEnvironment settled(HubEnvironment machine, String cacheDirectory, AccessToken token) {
    HubEnvironment used =
        cacheDirectory.isEmpty()
            ? machine
            : machine.withCache(Path.of(cacheDirectory).toAbsolutePath());
    return token.isGiven() ? used.withToken(token) : used;
  }

  /** What the hub tells of large files is compared before they are downloaded. */
  private static void requirePublished(HubListing listing) {
    PublishedModel.require(
        listing.id().name(),
        listing.toString(),
        listing.files().values().stream()
            .filter(HubFile::hasSha256)
            .collect(Collectors.toMap(HubFile::name, HubFile::etag)));
  }

  private static UncheckedIOException failed(
      FolderKind<?> kind, String named, HubEnvironment used, IOException e) {
    return new UncheckedIOException(
        ("Cannot download %s %s: %s must answer, and %s must be writable (%s); HF_HUB_OFFLINE=1"
                + " uses only what is there")
            .formatted(kind.label(), named, used.endpoint(), used.cache(), e.getMessage()),
        e);
  }

  @Override
  public String name() {
    return listing.id().name();
  }

  @Override
  public String commit() {
    return listing.commit();
  }

  @Override
  public F open(Configuration hadoop) {
    HubEnvironment used =
        settled(HubEnvironment.ofProcess().withEndpoint(endpoint), cacheDirectory, token);
    try {
      F folder = kind.open(new Hub(used).fetch(listing), weights);
      requireHubsFiles(folder);
      PublishedModel.require(name(), listing.toString(), folder.sums().byFile());
      folder.checkManifest();
      return folder;
    } catch (IOException e) {
      throw failed(kind, listing.toString(), used, e);
    }
  }

  /** What lies in the cache may have changed since; links name the SHA-256 of large files. */
  private void requireHubsFiles(DiffusersFolder folder) {
    ModelSums sums = folder.sums();
    List<String> problems =
        listing.files().values().stream()
            .filter(HubFile::hasSha256)
            .filter(file -> !file.etag().equals(sums.byFile().get(file.name())))
            .map(file -> problem(folder, file))
            .toList();
    if (!problems.isEmpty()) {
      throw new ProblemsException(problems);
    }
  }

  private static String problem(DiffusersFolder folder, HubFile file) {
    return "Cannot use %s: it must be as the hub has it, with sha256 %s (it differs); remove the file"
            .formatted(folder.root().resolve(file.name()), file.etag())
        + " that this link names";
  }
}
