/** What every package may use; it imports the JDK alone. */
package io.sparkdiffusion.util;
