/** What the tests of several packages share; it may import the JDK and Jackson. */
package io.sparkdiffusion.testing;
