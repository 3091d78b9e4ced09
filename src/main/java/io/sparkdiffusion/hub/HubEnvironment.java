package io.sparkdiffusion.hub;

import io.sparkdiffusion.config.AccessToken;
import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the official client's variables say (huggingface_hub, constants.py).
 *
 * @param cache the folder of {@code models--org--name}: HF_HUB_CACHE, else HF_HOME/hub
 * @param endpoint the hub's address without a slash at the end: HF_ENDPOINT
 * @param token HF_TOKEN, else the file HF_TOKEN_PATH, else HF_HOME/token
 * @param offline whether nothing may be asked for: HF_HUB_OFFLINE, else TRANSFORMERS_OFFLINE
 */
public record HubEnvironment(
    Path cache, URI endpoint, AccessToken token, boolean offline, Patience patience) {

  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
  private static final Pattern VARIABLE = Pattern.compile("\\$(?:(\\w+)|\\{(\\w+)})");

  /** Of this process. {@code ~} is HOME, as in Python; a JVM asks the list of users instead. */
  public static HubEnvironment ofProcess() {
    Map<String, String> variables = System.getenv();
    return of(variables, Path.of(variables.getOrDefault("HOME", System.getProperty("user.home"))));
  }

  /**
   * Of some variables.
   *
   * @param home what {@code ~} stands for
   * @throws ProblemsException where one has no meaning
   */
  public static HubEnvironment of(Map<String, String> variables, Path home) {
    Variables read = new Variables(variables, home);
    Path hubHome =
        read.path("HF_HOME")
            .orElseGet(
                () ->
                    read.path("XDG_CACHE_HOME")
                        .orElse(home.resolve(".cache"))
                        .resolve("huggingface"));
    return new HubEnvironment(
        read.path("HF_HUB_CACHE")
            .or(() -> read.path("HUGGINGFACE_HUB_CACHE"))
            .orElse(hubHome.resolve("hub")),
        endpoint(read.text("HF_ENDPOINT").orElse("https://huggingface.co")),
        read.token(hubHome),
        read.isTrue(read.text("HF_HUB_OFFLINE").or(() -> read.text("TRANSFORMERS_OFFLINE"))),
        Patience.usual(
            read.seconds("HF_HUB_ETAG_TIMEOUT"), read.seconds("HF_HUB_DOWNLOAD_TIMEOUT")));
  }

  private static URI endpoint(String text) {
    String address = text.replaceFirst("/+$", "");
    if (!address.matches("https?://[\\w.:\\[\\]-]+(/[\\w./-]*)?")) {
      throw new ProblemsException(
          "Cannot use HF_ENDPOINT: it must be the address of a hub, as https://huggingface.co (%s)"
              .formatted(address.replaceFirst("//.*@", "//...@")));
    }
    return URI.create(address);
  }

  /** The same with another cache. */
  public HubEnvironment withCache(Path other) {
    return new HubEnvironment(other, endpoint, token, offline, patience);
  }

  /** The same with another hub. */
  public HubEnvironment withEndpoint(URI other) {
    return new HubEnvironment(cache, other, token, offline, patience);
  }

  /** The same with a token instead of its own. */
  public HubEnvironment withToken(AccessToken other) {
    return new HubEnvironment(cache, endpoint, other, offline, patience);
  }

  HubEnvironment withPatience(Patience other) {
    return new HubEnvironment(cache, endpoint, token, offline, other);
  }

  private record Variables(Map<String, String> all, Path home) {

    Optional<String> text(String name) {
      return Optional.ofNullable(all.get(name)).filter(value -> !value.isEmpty());
    }

    boolean isTrue(Optional<String> value) {
      return value.filter(text -> TRUE.contains(text.toUpperCase(Locale.ROOT))).isPresent();
    }

    /** With {@code ~} and variables in it replaced, unknown ones left as they are. */
    Optional<Path> path(String name) {
      return text(name)
          .map(value -> value.replaceFirst("^~(?=/|$)", Matcher.quoteReplacement(home.toString())))
          .map(value -> VARIABLE.matcher(value).replaceAll(this::value))
          .map(value -> Path.of(value).toAbsolutePath());
    }

    private String value(java.util.regex.MatchResult variable) {
      String name = variable.group(1) == null ? variable.group(2) : variable.group(1);
      return Matcher.quoteReplacement(text(name).orElse(variable.group()));
    }

    Duration seconds(String name) {
      String value = text(name).orElse("10");
      if (!value.matches("[1-9]\\d{0,5}")) {
        throw new ProblemsException(
            "Cannot use %s: it must be a number of seconds (%s)".formatted(name, value));
      }
      return Duration.ofSeconds(Long.parseLong(value));
    }

    AccessToken token(Path hubHome) {
      if (isTrue(text("HF_HUB_DISABLE_IMPLICIT_TOKEN"))) {
        return AccessToken.NONE;
      }
      return text("HF_TOKEN")
          .or(() -> text("HUGGING_FACE_HUB_TOKEN"))
          .map(AccessToken::new)
          .filter(AccessToken::isGiven)
          .orElseGet(() -> stored(path("HF_TOKEN_PATH").orElse(hubHome.resolve("token"))));
    }

    private static AccessToken stored(Path file) {
      if (!Files.isRegularFile(file)) {
        return AccessToken.NONE;
      }
      try {
        return new AccessToken(Files.readString(file));
      } catch (IOException e) {
        throw new ProblemsException(
            "Cannot read the token in %s: the file must be readable (%s)"
                .formatted(file, e.getClass().getSimpleName()));
      }
    }
  }
}
