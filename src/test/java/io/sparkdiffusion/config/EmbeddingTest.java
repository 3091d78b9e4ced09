package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmbeddingTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a.safetensors | a.safetensors | ''",
        "dir/a.safetensors:<toy> | dir/a.safetensors | <toy>",
        "a.b.safetensors:two words | a.b.safetensors | two words",
        "a.safetensors:b.c:d | a.safetensors | b.c:d",
        "a.safetensors: | a.safetensors | ''",
        "hdfs://host.org:8020/a.safetensors | hdfs://host.org:8020/a.safetensors | ''",
        "hdfs://host.org:8020/a.safetensors:toy | hdfs://host.org:8020/a.safetensors | toy",
        "org/name@v1.0/a.safetensors:* | org/name@v1.0/a.safetensors | *"
      })
  void aPathMayHaveAToken(String text, String path, String token) {
    assertThat(Embedding.parse(text)).isEqualTo(new Embedding(path, token));
    assertThat(Embedding.parse(Embedding.parse(text).toString())).isEqualTo(Embedding.parse(text));
  }

  @Test
  void allProblemsAreTold() {
    List<String> entries =
        List.of("a.pt:toy", "org/name", "a.safetensors:b,c", "a.safetensors:" + "x".repeat(201));
    assertThatThrownBy(() -> EmbeddingConfig.parse(entries))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        "Cannot use embeddings: an embedding must be a safetensors file, a pickle runs code of whoever made it (a.pt)",
                        "Cannot use embeddings: each must be PATH or PATH:TOKEN of a .safetensors file (org/name)",
                        "Cannot use embeddings: a token must have visible characters, spaces and no comma (b,c)",
                        "Cannot use embeddings: a token must have at most 200 characters (%s…)"
                            .formatted("x".repeat(120))));
  }

  @Test
  void aFileWithoutANameHasNoToken() {
    Embedding named = new Embedding("dir/.safetensors", "");
    assertThatThrownBy(() -> named.at("dir/.safetensors", ""))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot use embedding dir/.safetensors: it must have a token, embeddings=PATH:TOKEN gives it one (none)");
  }
}
