package io.sparkdiffusion.config;

import java.io.Serializable;

/**
 * A token of the Hugging Face hub. It can travel to executors and never shows itself.
 *
 * @param value empty for none
 */
public record AccessToken(String value) implements Serializable {

  /** No token. */
  public static final AccessToken NONE = new AccessToken("");

  /** Takes the spaces and line ends off, which files and shells add. */
  public AccessToken {
    value = value.strip();
    if (!value.matches("[!-~]*")) {
      throw new ProblemsException(
          "Cannot use hf_access_token: it must be visible ASCII characters (others are in it)");
    }
  }

  /** Whether there is one. */
  public boolean isGiven() {
    return !value.isEmpty();
  }

  /** Whether there is one, not what it is. */
  @Override
  public String toString() {
    return isGiven() ? "(set)" : "";
  }
}
