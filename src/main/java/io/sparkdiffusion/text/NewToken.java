package io.sparkdiffusion.text;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A token of textual inversion (arXiv 2208.01618) that is added to a tokenizer.
 *
 * @param name what prompts call it
 * @param vectors how many it stands for, 1 or more
 */
public record NewToken(String name, int vectors) {

  /** A token for each vector: {@code <toy>}, {@code <toy>_1}, {@code <toy>_2}. */
  List<String> all() {
    return Stream.concat(Stream.of(name), IntStream.range(1, vectors).mapToObj(i -> name + "_" + i))
        .toList();
  }

  /** Those of which none may be there; a second one would make a placeholder of a single one. */
  Stream<String> claimed() {
    return Stream.concat(all().stream(), Stream.of(name + "_1"));
  }
}
