/** When and how far each denoising step goes, in plain doubles; it imports the JDK alone. */
package io.sparkdiffusion.scheduler;
