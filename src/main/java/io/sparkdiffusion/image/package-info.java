/** Images as PNG files and what the files are called; it imports metadata and the JDK. */
package io.sparkdiffusion.image;
