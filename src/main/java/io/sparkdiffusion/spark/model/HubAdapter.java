package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.AccessToken;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.hub.Hub;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.hub.HubId;
import io.sparkdiffusion.hub.HubListing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;

/**
 * The file of a LoRA or an embedding of the hub, at the commit that the driver has found.
 *
 * @param kind what problems call the file
 * @param file its path in the repository
 * @param listing it and what goes with it
 * @param endpoint the driver's hub
 * @param cacheDirectory where a machine keeps it, empty for its hub cache
 * @param token the setting's; without one, each machine uses its own
 */
record HubAdapter(
    String kind,
    String file,
    HubListing listing,
    URI endpoint,
    String cacheDirectory,
    AccessToken token)
    implements AdapterSource {

  private static final Pattern FORM = Pattern.compile("([^/@]+/[^/@]+)(?:@([^/@]+))?/(.+)");

  /** True for {@code ORG/NAME[@REVISION]/FILE} where no such file is on this machine. */
  static boolean isOne(String path) {
    Matcher matcher = FORM.matcher(path);
    return matcher.matches() && HubId.isOne(matcher.group(1)) && !Files.exists(Path.of(path));
  }

  /** Asks the hub, or offline the cache. */
  static HubAdapter resolve(
      String kind, String path, ModelConfig model, HubEnvironment environment) {
    Matcher parts = FORM.matcher(path);
    if (!parts.matches()) {
      throw new IllegalArgumentException(path);
    }
    HubId id = new HubId(parts.group(1));
    String revision = parts.group(2) == null ? "" : parts.group(2);
    String file = parts.group(3);
    HubEnvironment used =
        HubModel.settled(environment, model.cacheDirectory(), model.accessToken());
    try {
      HubListing all = list(path, id, revision, used);
      requireFile(kind, file, all);
      String config = file.replace(PEFT_FILE, CONFIG);
      return new HubAdapter(
          kind,
          file,
          all.only(name -> name.equals(file) || name.equals(config)),
          environment.endpoint(),
          model.cacheDirectory(),
          model.accessToken());
    } catch (IOException e) {
      throw failed(kind + " " + path, used, e);
    }
  }

  private static HubListing list(String path, HubId id, String revision, HubEnvironment used)
      throws IOException {
    try {
      return new Hub(used).list(id, revision);
    } catch (ProblemsException e) {
      throw (ProblemsException)
          ProblemsException.withFix(
                  e.getMessage(), "no file of this machine is called %s either".formatted(path))
              .initCause(e);
    }
  }

  private static void requireFile(String kind, String file, HubListing all) {
    if (!all.files().containsKey(file)) {
      List<String> others =
          all.files().keySet().stream().filter(name -> name.endsWith(".safetensors")).toList();
      throw new ProblemsException(
          "Cannot open %s %s of %s: the repository must have the file, and no local file has that path (its safetensors: %s)"
              .formatted(
                  kind, Shown.text(file), all, others.isEmpty() ? "none" : Shown.some(others)));
    }
  }

  private static UncheckedIOException failed(String what, HubEnvironment used, IOException e) {
    return new UncheckedIOException(
        ("Cannot download %s: %s must answer, and %s must be writable (%s); HF_HUB_OFFLINE=1"
                + " uses only what is there")
            .formatted(what, used.endpoint(), used.cache(), e.getMessage()),
        e);
  }

  @Override
  public String pinned() {
    return "%s@%s/%s".formatted(listing.id(), listing.commit(), file);
  }

  @Override
  public Path open(Configuration hadoop) {
    HubEnvironment used =
        HubModel.settled(HubEnvironment.ofProcess().withEndpoint(endpoint), cacheDirectory, token);
    try {
      return new Hub(used).fetch(listing).resolve(file);
    } catch (IOException e) {
      throw failed(kind + " " + pinned(), used, e);
    }
  }
}
