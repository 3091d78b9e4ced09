package io.sparkdiffusion.text;

import io.sparkdiffusion.weights.ComponentConfig;
import java.util.Map;

/**
 * The keys that every configuration of transformers may hold (configuration_utils.py, all of {@code
 * PretrainedConfig} from 4.0 to 5): some versions write all of them, with their defaults.
 */
final class TransformersDefaults {

  /** Those that speak of training, of generating text, of labels or of how outputs are packed. */
  private static final String[] MEANINGLESS =
      """
      architectures attention_dropout attn_implementation auto_map bad_words_ids begin_suppress_tokens bos_token_id
      chunk_size_feed_forward cross_attention_hidden_size decoder_start_token_id diversity_penalty do_sample dropout
      dtype early_stopping encoder_no_repeat_ngram_size eos_token_id exponential_decay_length_penalty finetuning_task
      forced_bos_token_id forced_eos_token_id gradient_checkpointing id2label initializer_factor initializer_range
      is_composition label2id length_penalty max_length min_length no_repeat_ngram_size num_beam_groups num_beams
      num_labels num_return_sequences output_attentions output_hidden_states output_past output_scores pad_token_id
      prefix problem_type projection_dim remove_invalid_values repetition_penalty return_dict
      return_dict_in_generate sep_token_id suppress_tokens task_specific_params temperature tf_legacy_loss
      tie_encoder_decoder tie_word_embeddings tokenizer_class top_k top_p torch_dtype torchscript
      transformers_version typical_p use_bfloat16 use_cache xla_device
      """
          .strip()
          .split("\\s+", -1);

  private TransformersDefaults() {}

  /** Passes over what does not matter, and refuses values that would change the network. */
  static void check(ComponentConfig json) {
    json.only(false, "add_cross_attention", "is_decoder", "is_encoder_decoder")
        .only(Map.of(), "pruned_heads")
        .absent("quantization_config")
        .ignore(MEANINGLESS);
  }
}
