/**
 * What an image is asked for: its parameters, each said once, their values, and what a row of the
 * prompt table asks for; it imports the JDK and {@code util}.
 */
package io.sparkdiffusion.request;
