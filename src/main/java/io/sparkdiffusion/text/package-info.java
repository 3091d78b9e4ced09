/** Tokenizer and text encoder; it imports graph, weights, config and DJL's tokenizers. */
package io.sparkdiffusion.text;
