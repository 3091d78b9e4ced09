package io.sparkdiffusion.hub;

import io.sparkdiffusion.config.ProblemsException;
import java.net.http.HttpResponse;

/** Says why the hub gives something not, by its status and {@code X-Error-Code}. */
final class Refusal {

  private final HubEnvironment environment;
  private final HubId id;

  Refusal(HubEnvironment environment, HubId id) {
    this.environment = environment;
    this.id = id;
  }

  /**
   * The problem with a revision or a file at it.
   *
   * @param file empty where the revision itself was asked for
   */
  ProblemsException of(HttpResponse<?> answer, String revision, String file) {
    String code = answer.headers().firstValue("X-Error-Code").orElse("");
    String said = (answer.statusCode() + " " + code).strip();
    String token = environment.token().isGiven() ? "with the token" : "without a token";
    String kind = kind(code, answer);
    if (kind.equals("RepoNotFound")) {
      return new NoSuchRepositoryException(
          ("Cannot open model %s: there is no such local folder, and the hub %s must have it; a"
                  + " private one needs a token in hf_access_token or HF_TOKEN (%s %s)")
              .formatted(id, environment.endpoint(), said, token));
    }
    return new ProblemsException(
        switch (kind) {
          case "GatedRepo" ->
              ("Cannot download model %s: it is gated, accept its licence at %s/%s and give a token"
                      + " of that account in hf_access_token or HF_TOKEN (%s %s)")
                  .formatted(id, environment.endpoint(), id, said, token);
          case "BadToken" ->
              ("Cannot download model %s: the token of hf_access_token, HF_TOKEN or the token file"
                      + " must be valid (%s)")
                  .formatted(id, said);
          case "RevisionNotFound" ->
              "Cannot use revision: %s must have it as a branch, tag or commit (%s)"
                  .formatted(id, revision);
          case "EntryNotFound" ->
              "Cannot download %s of %s: the hub must have it at %s (%s)"
                  .formatted(file, id, revision, said);
          default ->
              "Cannot download %s of %s: %s must give it (%s %s)"
                  .formatted(
                      file.isEmpty() ? revision : file, id, answer.uri().getHost(), said, token);
        });
  }

  /** A hub says 401 to who may not know whether there is such a repository. */
  private static String kind(String code, HttpResponse<?> answer) {
    String message = answer.headers().firstValue("X-Error-Message").orElse("");
    if (code.isEmpty() && answer.statusCode() == 401) {
      return message.startsWith("Invalid credentials") ? "BadToken" : "RepoNotFound";
    }
    return code;
  }
}
