package io.sparkdiffusion.hub;

import java.io.Serializable;
import java.util.regex.Pattern;

/**
 * The name of a repository on the hub.
 *
 * @param name {@code org/name}
 */
public record HubId(String name) implements Serializable {

  /** As the official client has it (huggingface_hub, utils/_validators.py). */
  private static final Pattern FORM =
      Pattern.compile("(?!.*(--|\\.\\.))\\w([\\w.-]{0,94}\\w)?/\\w([\\w.-]{0,94}\\w)?");

  private static final String FOLDER = "models--";

  /** Checks the form. */
  public HubId {
    if (!isOne(name)) {
      throw new IllegalArgumentException("no hub id: " + name);
    }
  }

  /** True for what has the form {@code org/name}. */
  public static boolean isOne(String text) {
    return FORM.matcher(text).matches();
  }

  /** True for the name of a folder in which the hub's cache keeps a repository. */
  public static boolean isCacheFolder(String folder) {
    return folder.startsWith(FOLDER) && isOne(named(folder));
  }

  /** The repository that such a folder keeps. */
  public static HubId ofCacheFolder(String folder) {
    return new HubId(named(folder));
  }

  private static String named(String folder) {
    return folder.substring(FOLDER.length()).replaceFirst("--", "/");
  }

  /** {@code models--org--name}. */
  String cacheFolder() {
    return FOLDER + name.replace("/", "--");
  }

  @Override
  public String toString() {
    return name;
  }
}
