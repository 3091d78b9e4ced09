package io.sparkdiffusion.hub;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Parts of addresses. */
final class HubPath {

  private HubPath() {}

  /** Encodes a path; its slashes stay. */
  static String encode(String path) {
    return Arrays.stream(path.split("/")).map(HubPath::encodePart).collect(Collectors.joining("/"));
  }

  /** Encodes what must be one part of a path, its slashes too. */
  static String encodePart(String part) {
    return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
