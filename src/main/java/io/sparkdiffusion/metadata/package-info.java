/** What is known about a picture and how it travels with it; it imports config and prompt. */
package io.sparkdiffusion.metadata;
