/** Settings, and strict reading of YAML and JSON; it imports the JDK and Jackson. */
package io.sparkdiffusion.config;
