package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.AccessToken;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.ModelFamily;
import io.sparkdiffusion.family.ModelFolder;
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
 * A model of the hub at the commit that the driver has found.
 *
 * @param listing the files that the model needs
 * @param weights which of its weights are used
 * @param endpoint the driver's hub
 * @param cacheDirectory where a machine keeps them, empty for its hub cache
 * @param token the setting's; without one, each machine uses its own
 */
record HubModel(
    HubListing listing,
    WeightChoice weights,
    URI endpoint,
    String cacheDirectory,
    AccessToken token)
    implements ModelSource {

  private static final Logger LOG = LoggerFactory.getLogger(HubModel.class);

  /** Asks the hub, or offline the cache, and downloads the small files, which name the others. */
  static HubModel resolve(HubId id, ModelConfig model, HubEnvironment environment) {
    HubEnvironment used = settled(environment, model.cacheDirectory(), model.accessToken());
    Hub hub = new Hub(used);
    try {
      HubListing parts = hub.list(id, model.revision()).only(HubModel::mayBePart);
      LOG.info("Using model {}", parts);
      Path snapshot = hub.fetch(parts.only(ModelFamily::isDescription));
      String shown = used.offline() ? snapshot + " (offline)" : parts.toString();
      Collection<String> needed =
          NeededFiles.of(parts.files().keySet(), model.weights(), snapshot, shown);
      HubListing listing =
          parts.only(name -> ModelFamily.isDescription(name) || needed.contains(name));
      requirePublished(listing);
      return new HubModel(
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
      throw failed(id.toString(), used, e);
    }
  }

  private static boolean mayBePart(String name) {
    boolean isFlat = name.indexOf('/') == name.lastIndexOf('/');
    return ModelFamily.isDescription(name) || (isFlat && ModelFamily.isInNetworkFolder(name));
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

  private static UncheckedIOException failed(String model, HubEnvironment used, IOException e) {
    return new UncheckedIOException(
        ("Cannot download model %s: %s must answer, and %s must be writable (%s); HF_HUB_OFFLINE=1"
                + " uses only what is there")
            .formatted(model, used.endpoint(), used.cache(), e.getMessage()),
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
  public ModelFolder open(Configuration hadoop) {
    HubEnvironment used =
        settled(HubEnvironment.ofProcess().withEndpoint(endpoint), cacheDirectory, token);
    try {
      ModelFolder folder = ModelFolder.open(new Hub(used).fetch(listing), weights);
      requireHubsFiles(folder);
      PublishedModel.require(name(), listing.toString(), folder.sums().byFile());
      folder.checkManifest();
      return folder;
    } catch (IOException e) {
      throw failed(listing.toString(), used, e);
    }
  }

  /** What lies in the cache may have changed since; links name the SHA-256 of large files. */
  private void requireHubsFiles(ModelFolder folder) {
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

  private static String problem(ModelFolder folder, HubFile file) {
    return "Cannot use %s: it must be as the hub has it, with sha256 %s (it differs); remove the file"
            .formatted(folder.root().resolve(file.name()), file.etag())
        + " that this link names";
  }
}
