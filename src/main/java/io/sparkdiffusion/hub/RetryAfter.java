package io.sparkdiffusion.hub;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How long a server asks to wait. */
final class RetryAfter {

  /** The hub's rate limit, as {@code "api";r=0;t=55}: none left for 55 seconds. */
  private static final Pattern LIMIT = Pattern.compile(";\\s*r=0\\s*;\\s*t=(\\d{1,9})");

  private RetryAfter() {}

  static Optional<Duration> of(HttpHeaders headers) {
    return headers
        .firstValue("Retry-After")
        .flatMap(RetryAfter::parse)
        .or(() -> headers.firstValue("RateLimit").flatMap(RetryAfter::limit));
  }

  private static Optional<Duration> limit(String header) {
    Matcher matcher = LIMIT.matcher(header);
    return matcher.find()
        ? Optional.of(Duration.ofSeconds(Long.parseLong(matcher.group(1)) + 1))
        : Optional.empty();
  }

  /** Seconds or a date (RFC 9110, 10.2.3); what is neither says nothing. */
  private static Optional<Duration> parse(String header) {
    if (header.matches("\\d{1,9}")) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(header)));
    }
    try {
      Instant time = ZonedDateTime.parse(header, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      Duration left = Duration.between(Instant.now(), time);
      return Optional.of(left.isNegative() ? Duration.ZERO : left);
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
