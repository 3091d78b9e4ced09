package io.sparkdiffusion.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.sparkdiffusion.testing.ConfigJson;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextConfigTest {

  private static final ConfigJson REQUIRED =
      ConfigJson.of(
          "vocab_size=1000",
          "hidden_size=32",
          "intermediate_size=64",
          "num_hidden_layers=3",
          "num_attention_heads=4");

  @TempDir Path folder;

  @Test
  void defaultsAreThoseOfTransformers() {
    assertThat(read(REQUIRED))
        .isEqualTo(new TextConfig(1000, 32, 64, 3, 4, 77, 1e-5, "quick_gelu"));
  }

  @Test
  void everyKeyIsRead() {
    ConfigJson full =
        ConfigJson.of(
            "vocab_size=50",
            "hidden_size=40",
            "intermediate_size=30",
            "num_hidden_layers=2",
            "num_attention_heads=5",
            "max_position_embeddings=12",
            "layer_norm_eps=1e-6",
            "hidden_act=\"gelu\"",
            "model_type=\"clip_text_model\"");

    assertThat(read(full)).isEqualTo(new TextConfig(50, 40, 30, 2, 5, 12, 1e-6, "gelu"));
  }

  /** The value that changes nothing, and one that would. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "model_type | \"clip_text_model\" | \"t5\" | it must be one of clip_text_model (t5)",
        "add_cross_attention | false | true | only false is supported (true)",
        "is_decoder | false | true | only false is supported (true)",
        "is_encoder_decoder | false | true | only false is supported (true)",
        "hidden_act | \"gelu\" | \"gelu_new\" | it must be one of quick_gelu, gelu (gelu_new)",
        "some_new_key | null | 1 | the key is unknown and might change the result (1)",
        "vocab_size | 1 | 0 | it must be a whole number from 1 to 2147483647 (0)",
        "intermediate_size | 1 | \"64\" | it must be a whole number from 1 to 2147483647 (64)",
        "num_hidden_layers | 100 | 101 | it must be a whole number from 1 to 100 (101)",
        "num_attention_heads | 8 | 5 | the hidden size must be a multiple of the heads (5)",
        "num_attention_heads | 8 | null | it must be a whole number from 1 to 2147483647 (absent)",
        "hidden_size | 8 | [8] | it must be a whole number from 1 to 2147483647 ([8])",
        "max_position_embeddings | 1 | 0 | it must be a whole number from 1 to 2147483647 (0)",
        "layer_norm_eps | 1 | 0.0 | it must be a number above 0 (0.0)"
      })
  void valuesThatDoNotFitAreRefusedByKey(String key, String good, String bad, String message) {
    assertThatCode(() -> read(REQUIRED.with(key + "=" + good))).doesNotThrowAnyException();
    assertRefused(REQUIRED.with(key + "=" + bad), key + " | " + message);
  }

  @Test
  void whatTrainingAndGenerationUseIsPassedOver() {
    ConfigJson more =
        REQUIRED.with(
            "architectures=[\"CLIPTextModel\"]",
            "attention_dropout=0.1",
            "bos_token_id=0",
            "dropout=0.1",
            "dtype=\"float16\"",
            "eos_token_id=2",
            "initializer_factor=1.0",
            "initializer_range=0.02",
            "output_attentions=true",
            "output_hidden_states=true",
            "pad_token_id=1",
            "projection_dim=512",
            "return_dict=false",
            "torch_dtype=\"float16\"",
            "transformers_version=\"4.25.0\"",
            "use_cache=true",
            "_name_or_path=\"x\"");

    assertThat(read(more)).isEqualTo(read(REQUIRED));
  }

  /** Some versions of transformers write all of PretrainedConfig, 60 keys and more. */
  @Test
  void allKeysOfTransformersWithTheirDefaultsArePassedOver() {
    ConfigJson all =
        REQUIRED.with(
            "bad_words_ids=null",
            "begin_suppress_tokens=null",
            "chunk_size_feed_forward=0",
            "cross_attention_hidden_size=null",
            "decoder_start_token_id=null",
            "diversity_penalty=0.0",
            "do_sample=false",
            "early_stopping=false",
            "encoder_no_repeat_ngram_size=0",
            "exponential_decay_length_penalty=null",
            "finetuning_task=null",
            "forced_bos_token_id=null",
            "forced_eos_token_id=null",
            "gradient_checkpointing=false",
            "id2label={\"0\": \"LABEL_0\"}",
            "is_composition=false",
            "label2id={\"LABEL_0\": 0}",
            "length_penalty=1.0",
            "max_length=20",
            "min_length=0",
            "no_repeat_ngram_size=0",
            "num_beam_groups=1",
            "num_beams=1",
            "num_return_sequences=1",
            "output_scores=false",
            "prefix=null",
            "problem_type=null",
            "pruned_heads={}",
            "remove_invalid_values=false",
            "repetition_penalty=1.0",
            "return_dict_in_generate=false",
            "sep_token_id=null",
            "suppress_tokens=null",
            "task_specific_params=null",
            "temperature=1.0",
            "tf_legacy_loss=false",
            "tie_encoder_decoder=false",
            "tie_word_embeddings=true",
            "tokenizer_class=null",
            "top_k=50",
            "top_p=1.0",
            "torchscript=false",
            "typical_p=1.0",
            "use_bfloat16=false",
            "xla_device=false",
            "_attn_implementation=null");

    assertThat(read(all)).isEqualTo(read(REQUIRED));
    assertRefused(
        REQUIRED.with("pruned_heads={\"0\": [1]}"),
        "pruned_heads | only {} is supported ({0=[1]})");
  }

  @Test
  void allProblemsAreReportedTogether() {
    assertRefused(
        REQUIRED.without("vocab_size").with("hidden_size=0", "is_decoder=1", "b=1", "a=1"),
        "is_decoder | only false is supported (1)",
        "vocab_size | it must be a whole number from 1 to 2147483647 (absent)",
        "hidden_size | it must be a whole number from 1 to 2147483647 (0)",
        "a | the key is unknown and might change the result (1)",
        "b | the key is unknown and might change the result (1)");
  }

  private TextConfig read(ConfigJson json) {
    return TextConfig.read(json.write(folder));
  }

  private void assertRefused(ConfigJson json, String... problems) {
    json.assertRefusedBy(TextConfig::read, folder, problems);
  }
}
