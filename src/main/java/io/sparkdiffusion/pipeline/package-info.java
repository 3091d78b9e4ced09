/** From requests to images on one device; it may import everything below it, never Spark. */
package io.sparkdiffusion.pipeline;
