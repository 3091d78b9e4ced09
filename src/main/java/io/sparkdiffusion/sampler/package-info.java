/** What each step of a sampler does, as numbers; it imports the JDK alone. */
package io.sparkdiffusion.sampler;
