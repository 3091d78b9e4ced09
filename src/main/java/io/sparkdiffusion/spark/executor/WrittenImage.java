package io.sparkdiffusion.spark.executor;

/**
 * An image that is encoded and, where PNG files are asked for, written.
 *
 * @param bytes the PNG file for the row, null where rows carry no bytes
 * @param path the PNG file relative to the output folder, null where none is written
 * @param sha256 of the PNG file, in hex
 */
record WrittenImage(byte[] bytes, String path, String sha256) {}
