package io.sparkdiffusion.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where redirects lead, and where they must not. */
@Timeout(15)
class HubHttpTest {

  private static final URI HUB = URI.create("https://hub.example/org/tiny/resolve/main/a");

  @Test
  void followsNoRedirectsThatNeverEnd() throws IOException {
    InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    HttpServer circle = HttpServer.create(loopback, 0);
    circle.createContext(
        "/",
        exchange -> {
          exchange.getResponseHeaders().set("Location", "/again");
          exchange.sendResponseHeaders(302, -1);
          exchange.close();
        });
    circle.start();
    try {
      String address = "http://127.0.0.1:" + circle.getAddress().getPort();
      Duration second = Duration.ofSeconds(1);
      HubEnvironment environment =
          HubEnvironment.of(Map.of("HF_ENDPOINT", address), Path.of("."))
              .withPatience(new Patience(1, Duration.ofMillis(1), second, second, second));
      HubHttp http = new HubHttp(environment);

      assertThatThrownBy(() -> http.get(http.address("/file"), 0).body().close())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("more than 10 redirects");
    } finally {
      circle.stop(0);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"http://hub.example/b", "file:///etc/passwd", "mailto:a@b", "https:///b", "//"})
  void leavesHttpsForNothingElse(String location) {
    assertThatThrownBy(() -> HubHttp.resolve(HUB, location))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("redirects to no ");
  }

  @Test
  void followsAPathAndAnotherHost() throws IOException {
    assertThat(HubHttp.resolve(HUB, "/b")).isEqualTo(URI.create("https://hub.example/b"));
    assertThat(HubHttp.resolve(HUB, "https://cdn.example/b?x=1"))
        .isEqualTo(URI.create("https://cdn.example/b?x=1"));
  }
}
