package io.sparkdiffusion.metadata;

import java.io.Serializable;

/**
 * An embedding of textual inversion as AUTOMATIC1111's web UI names it.
 *
 * @param name what prompts call it, without what would end it in a list
 * @param hash the first twelve hex digits of its file's SHA-256
 */
public record EmbeddingTag(String name, String hash) implements Serializable {}
