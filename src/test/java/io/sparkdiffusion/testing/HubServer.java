package io.sparkdiffusion.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * A small hub on this machine with one repository, {@link #repository}, whose safetensors files
 * come from a second address, as the real hub's from its CDN.
 */
public final class HubServer implements AutoCloseable {

  /** What {@code main} is. */
  public static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  /** What the repository is called. */
  public volatile String repository = "org/tiny";

  /** What {@code main} is here. */
  public volatile String commit = COMMIT;

  private static final int BLOCK_BYTES = 1 << 16;
  private static final long SILENCE_NANOS = 20_000_000_000L;

  private final HttpServer hub;
  private final HttpServer store;
  private final Path folder;

  /** Requests in order: method and path, behind them the range. */
  public final ConcurrentLinkedQueue<String> asked = new ConcurrentLinkedQueue<>();

  /** Tokens that came to the second address. */
  public final ConcurrentLinkedQueue<String> strayTokens = new ConcurrentLinkedQueue<>();

  /** The only token that is let in; empty lets all in. */
  public volatile String token = "";

  /** The status and error code of the next answers, by file name. */
  public final Map<String, String> refused = new ConcurrentHashMap<>();

  /** After how many bytes an answer breaks off; by default never. */
  public volatile int breakAfter = Integer.MAX_VALUE;

  /** After how many bytes an answer comes to nothing more, with its connection open. */
  public volatile int silentAfter = Integer.MAX_VALUE;

  /** How many answers break off or fall silent. */
  public final AtomicInteger breaks = new AtomicInteger();

  /** Whether an answer begins one byte before the one that was asked for. */
  public volatile boolean beginsEarly;

  /** How many requests are answered with 429. */
  public final AtomicInteger busy = new AtomicInteger();

  /** What such an answer asks for. */
  public volatile Map.Entry<String, String> busyHeader = Map.entry("Retry-After", "0");

  /** Whether small files' ETags are weak ones. */
  public volatile boolean etagsAreWeak;

  private final AtomicInteger atOnce = new AtomicInteger();
  private final AtomicInteger mostAtOnce = new AtomicInteger();

  /** A name that the list of files holds beside the true ones. */
  public volatile String strayName = "";

  /** Whether a byte of the large files is changed. */
  public volatile boolean alters;

  /** How long each block of a file's bytes is waited with. */
  public volatile long pauseMillis;

  /** How many bytes more than a file has the list tells of. */
  public volatile long boasts;

  /** Whether the list tells hashes and sizes. */
  public volatile boolean tellsBlobs = true;

  public HubServer(Path folder) throws IOException {
    this.folder = folder;
    this.hub = start(this::answer);
    this.store = start(this::answerStore);
  }

  private static HttpServer start(com.sun.net.httpserver.HttpHandler handler) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", handler);
    server.start();
    return server;
  }

  /** The hub's address. */
  public URI address() {
    return URI.create("http://127.0.0.1:" + hub.getAddress().getPort());
  }

  /** The requests that gave a file's bytes. */
  public List<String> downloads() {
    return asked.stream()
        .filter(line -> line.startsWith("GET /" + repository + "/resolve"))
        .toList();
  }

  /** The most files that were given at a time. */
  public int mostAtOnce() {
    return mostAtOnce.get();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      note(exchange);
      String path = exchange.getRequestURI().getPath();
      String given = exchange.getRequestHeaders().getFirst("Authorization");
      if (busy.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        exchange.getResponseHeaders().set(busyHeader.getKey(), busyHeader.getValue());
        exchange.sendResponseHeaders(429, -1);
      } else if (!token.isEmpty() && !("Bearer " + token).equals(given)) {
        refuse(exchange, given == null ? "401 RepoNotFound" : "401 ");
      } else if (path.startsWith("/api/models/" + repository + "/revision/")) {
        list(exchange, path.substring(("/api/models/" + repository + "/revision/").length()));
      } else if (path.startsWith("/api/models/" + repository + "/tree/")) {
        send(exchange, tree());
      } else if (path.startsWith("/" + repository + "/resolve/")) {
        file(exchange, path.replaceFirst("/" + repository + "/resolve/[^/]*/", ""));
      } else {
        refuse(exchange, "404 RepoNotFound");
      }
    }
  }

  private void note(HttpExchange exchange) {
    String range = exchange.getRequestHeaders().getFirst("Range");
    asked.add(
        exchange.getRequestMethod()
            + " "
            + exchange.getRequestURI()
            + (range == null ? "" : " " + range));
  }

  private static void refuse(HttpExchange exchange, String how) throws IOException {
    String[] parts = how.split(" ", -1);
    if (!parts[1].isEmpty()) {
      exchange.getResponseHeaders().set("X-Error-Code", parts[1]);
    } else {
      exchange
          .getResponseHeaders()
          .set("X-Error-Message", "Invalid credentials in Authorization header");
    }
    exchange.sendResponseHeaders(Integer.parseInt(parts[0]), -1);
  }

  private void list(HttpExchange exchange, String revision) throws IOException {
    if (!List.of("main", commit).contains(revision)) {
      refuse(exchange, "404 RevisionNotFound");
      return;
    }
    String siblings =
        CopiedModel.files(folder).stream().map(this::sibling).collect(Collectors.joining(","));
    if (!strayName.isEmpty()) {
      siblings += ",{\"rfilename\":\"%s\"}".formatted(strayName);
    }
    send(
        exchange,
        "{\"id\":\"%s\",\"sha\":\"%s\",\"siblings\":[%s]}".formatted(repository, commit, siblings));
  }

  private String sibling(String name) {
    if (!tellsBlobs) {
      return "{\"rfilename\":\"%s\"}".formatted(name);
    }
    long bytes = bytes(name).length + boasts;
    String large =
        isLarge(name)
            ? ",\"lfs\":{\"sha256\":\"%s\",\"size\":%d,\"pointerSize\":134}"
                .formatted(etag(name), bytes)
            : "";
    return "{\"rfilename\":\"%s\",\"size\":%d,\"blobId\":\"%s\"%s}"
        .formatted(name, bytes, git(bytes(name)), large);
  }

  private String tree() throws IOException {
    return CopiedModel.files(folder).stream()
        .map(
            name ->
                "{\"type\":\"file\",\"path\":\"%s\",\"size\":%d,\"oid\":\"%s\"%s}"
                    .formatted(
                        name,
                        bytes(name).length,
                        git(bytes(name)),
                        isLarge(name)
                            ? ",\"lfs\":{\"oid\":\"%s\",\"size\":%d,\"pointerSize\":134}"
                                .formatted(etag(name), bytes(name).length)
                            : ""))
        .collect(Collectors.joining(",", "[", "]"));
  }

  private static void send(HttpExchange exchange, String json) throws IOException {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
  }

  private void file(HttpExchange exchange, String name) throws IOException {
    String refusal = refused.get(name);
    if (refusal != null || !Files.isRegularFile(folder.resolve(name))) {
      refuse(exchange, refusal == null ? "404 EntryNotFound" : refusal);
      return;
    }
    exchange.getResponseHeaders().set("X-Repo-Commit", commit);
    if (isLarge(name)) {
      exchange.getResponseHeaders().set("X-Linked-Etag", "\"" + etag(name) + "\"");
      exchange.getResponseHeaders().set("X-Linked-Size", "" + bytes(name).length);
      exchange
          .getResponseHeaders()
          .set("Location", "http://127.0.0.1:%d/%s".formatted(store.getAddress().getPort(), name));
      exchange.sendResponseHeaders(302, -1);
    } else {
      exchange
          .getResponseHeaders()
          .set("ETag", (etagsAreWeak ? "W/" : "") + "\"" + etag(name) + "\"");
      body(exchange, bytes(name));
    }
  }

  private void answerStore(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (exchange.getRequestHeaders().containsKey("Authorization")) {
        strayTokens.add(exchange.getRequestHeaders().getFirst("Authorization"));
      }
      byte[] content = bytes(exchange.getRequestURI().getPath().substring(1));
      if (alters) {
        content[0] ^= 1;
      }
      body(exchange, content);
    }
  }

  private void body(HttpExchange exchange, byte[] content) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    int first = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
    if (range != null) {
      first -= beginsEarly ? 1 : 0;
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range",
              "bytes %d-%d/%d".formatted(first, content.length - 1, content.length));
    }
    byte[] rest = Arrays.copyOfRange(content, first, content.length);
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", "" + rest.length);
      exchange.sendResponseHeaders(200, -1);
      return;
    }
    exchange.sendResponseHeaders(range == null ? 200 : 206, rest.length);
    boolean isCut =
        rest.length > Math.min(breakAfter, silentAfter)
            && breaks.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
    mostAtOnce.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
    // Who has the last byte may ask for the next file before this is counted as ended.
    int last = isCut ? Math.min(breakAfter, silentAfter) : Math.max(0, rest.length - 1);
    try {
      write(exchange.getResponseBody(), rest, 0, last);
      if (isCut && silentAfter < breakAfter) {
        LockSupport.parkNanos(SILENCE_NANOS);
      }
    } finally {
      atOnce.decrementAndGet();
    }
    if (!isCut) {
      write(exchange.getResponseBody(), rest, last, rest.length);
    }
  }

  private void write(OutputStream out, byte[] content, int from, int end) throws IOException {
    for (int begin = from; begin < end; begin += BLOCK_BYTES) {
      LockSupport.parkNanos(pauseMillis * 1_000_000);
      out.write(content, begin, Math.min(BLOCK_BYTES, end - begin));
      out.flush();
    }
  }

  private static boolean isLarge(String name) {
    return name.endsWith(".safetensors");
  }

  private byte[] bytes(String name) {
    try {
      return Files.readAllBytes(folder.resolve(name));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** The name of a file's blob in the cache. */
  public String etag(String name) {
    return isLarge(name) ? hash("SHA-256", bytes(name)) : git(bytes(name));
  }

  private static String git(byte[] content) {
    byte[] head = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
    byte[] both = Arrays.copyOf(head, head.length + content.length);
    System.arraycopy(content, 0, both, head.length, content.length);
    return hash("SHA-1", both);
  }

  private static String hash(String algorithm, byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    hub.stop(0);
    store.stop(0);
  }

  /** Serves a folder until the process is ended, for clients in other languages. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    System.out.println(new HubServer(Path.of(arguments[0])).address());
    Thread.currentThread().join();
  }
}
