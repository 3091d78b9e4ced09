/**
 * Models of the Hugging Face hub, downloaded into the cache that its official client keeps; it
 * imports the JDK and config.
 */
package io.sparkdiffusion.hub;
