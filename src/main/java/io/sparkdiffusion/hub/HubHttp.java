package io.sparkdiffusion.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;

/** Requests to the hub: redirects, the token, waiting and trying again. */
final class HubHttp {

  private static final HttpClient CLIENT =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();

  private static final int MOST_REDIRECTS = 10;

  /** What may pass, as the official client has it (huggingface_hub, utils/_http.py). */
  private static final Set<Integer> PASSING = Set.of(408, 429, 500, 502, 503, 504);

  private final HubEnvironment environment;

  HubHttp(HubEnvironment environment) {
    this.environment = environment;
  }

  /** An address below the endpoint; the path's parts are encoded. */
  URI address(String path) {
    return URI.create(environment.endpoint() + path);
  }

  /** The address of a file at the listing's commit. */
  URI address(HubListing listing, HubFile file) {
    return address(
        "/%s/resolve/%s/%s".formatted(listing.id(), listing.commit(), HubPath.encode(file.name())));
  }

  /**
   * Asks for a file's headers. A redirect to another host is not followed: the hub's own headers
   * tell of the file.
   */
  HttpResponse<InputStream> head(URI address) throws IOException {
    return send("HEAD", address, 0);
  }

  /**
   * Asks for a file from a byte on.
   *
   * @return an answer of any status that will not pass; the caller closes its body
   * @throws IOException where there is none, or only ones that may pass
   */
  HttpResponse<InputStream> get(URI address, long firstByte) throws IOException {
    return send("GET", address, firstByte);
  }

  private HttpResponse<InputStream> send(String method, URI address, long firstByte)
      throws IOException {
    Patience patience = environment.patience();
    for (int tried = 1; ; tried++) {
      Duration wait = patience.after(tried);
      IOException failure;
      try {
        HttpResponse<InputStream> answer = follow(method, address, firstByte);
        if (!PASSING.contains(answer.statusCode())) {
          return answer;
        }
        answer.body().close();
        wait = RetryAfter.of(answer.headers()).orElse(wait);
        failure = new IOException(told(answer));
      } catch (InterruptedIOException e) {
        throw e;
      } catch (IOException e) {
        failure = new IOException(place(address) + ": " + reason(e), e);
      }
      if (tried >= patience.tries()) {
        throw new IOException("%s, %s times".formatted(failure.getMessage(), tried), failure);
      }
      if (wait.compareTo(patience.longestWait()) > 0) {
        throw new IOException(
            "%s and asks to wait %s s".formatted(failure.getMessage(), wait.toSeconds()));
      }
      pause(wait);
    }
  }

  private static String told(HttpResponse<?> answer) {
    return "%s answers %s".formatted(place(answer.uri()), answer.statusCode());
  }

  /** Some exceptions of the JDK's client have no message. */
  private static String reason(IOException e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /** Addresses of a CDN are signed, so only the host is said. */
  private static String place(URI address) {
    return address.getScheme() + "://" + address.getAuthority();
  }

  /** The token goes to the hub alone, and no more once a redirect has led away from it. */
  private HttpResponse<InputStream> follow(String method, URI address, long firstByte)
      throws IOException {
    URI next = address;
    boolean isAtHub = true;
    for (int hops = 0; hops <= MOST_REDIRECTS; hops++) {
      HttpResponse<InputStream> answer = once(method, next, firstByte, isAtHub);
      String location = answer.headers().firstValue("Location").orElse("");
      if (answer.statusCode() / 100 != 3 || location.isEmpty()) {
        return answer;
      }
      URI target = resolve(next, location);
      boolean isSamePlace = place(target).equals(place(address));
      if (method.equals("HEAD") && !isSamePlace) {
        return answer;
      }
      answer.body().close();
      isAtHub = isAtHub && isSamePlace;
      next = target;
    }
    throw new IOException("more than %s redirects".formatted(MOST_REDIRECTS));
  }

  /** Where a redirect leads; never from https to anything else. */
  static URI resolve(URI from, String location) throws IOException {
    URI target;
    try {
      target = from.resolve(location);
    } catch (IllegalArgumentException e) {
      throw new IOException("redirects to no address");
    }
    boolean isWeaker = from.getScheme().equals("https") && !"https".equals(target.getScheme());
    if (isWeaker || target.getHost() == null) {
      throw new IOException("redirects to no https address");
    }
    return target;
  }

  private HttpResponse<InputStream> once(
      String method, URI address, long firstByte, boolean withToken) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address)
            .method(method, HttpRequest.BodyPublishers.noBody())
            .timeout(environment.patience().answer())
            .header("User-Agent", "spark-diffusion")
            .header("Accept-Encoding", "identity");
    if (firstByte > 0) {
      request.header("Range", "bytes=%s-".formatted(firstByte));
    }
    if (withToken && environment.token().isGiven()) {
      request.header("Authorization", "Bearer " + environment.token().value());
    }
    try {
      return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  /** Waits before something is tried again. */
  static void pause(Duration wait) throws InterruptedIOException {
    try {
      Thread.sleep(wait.toMillis());
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private static InterruptedIOException interrupted() {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted");
  }
}
