package io.sparkdiffusion.request;

/**
 * The file of an image that a row gives.
 *
 * @param path where it is; empty where its bytes are in the row
 * @param sha256 of its bytes, in hex
 */
public record InputFile(String path, String sha256) {

  static final InputFile NONE = new InputFile("", "");
}
