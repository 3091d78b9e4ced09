/**
 * LoRA adapters: files in the formats that are met, matched with a model's layers and added to its
 * weights while these are read. It knows no model and imports config, graph and weights.
 */
package io.sparkdiffusion.adapter;
