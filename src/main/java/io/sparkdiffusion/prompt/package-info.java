/** What a row of the prompt table asks for; it imports the JDK alone. */
package io.sparkdiffusion.prompt;
