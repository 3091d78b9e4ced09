/**
 * Images as PNG files and what the files are called, and the images that others made; it imports
 * metadata and the JDK.
 */
package io.sparkdiffusion.image;
