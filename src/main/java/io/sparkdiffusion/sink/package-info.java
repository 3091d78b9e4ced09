/** Where finished PNG files go; it imports the JDK alone. */
package io.sparkdiffusion.sink;
