/**
 * What is known about an image and how it travels with it; it imports config, request and
 * scheduler.
 */
package io.sparkdiffusion.metadata;
