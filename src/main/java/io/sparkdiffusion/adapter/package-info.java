/**
 * LoRA adapters and embeddings of textual inversion: files in the formats that are met, matched
 * with a model's layers and tokens, and added to its weights while these are read. It knows no
 * model and imports config, graph and weights.
 */
package io.sparkdiffusion.adapter;
