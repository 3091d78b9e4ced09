package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableOptionsTest {

  @Test
  void isRfc4180InUtf8ByDefault() {
    TableOptions options = load("p.csv").options();
    assertThat(options).isEqualTo(TableOptions.NONE);
    assertThat(options.separator(TableFormat.CSV)).isEqualTo(",");
    assertThat(options.separator(TableFormat.TSV)).isEqualTo("\t");
    assertThat(options.quote()).isEqualTo("\"");
    assertThat(options.escape()).isEqualTo("\"");
    assertThat(options.encoding()).isEqualTo(StandardCharsets.UTF_8);
  }

  @Test
  void takesSparksNamesInAnyCase() {
    TableOptions options =
        load(
                "p.csv",
                "prompts_options={Delimiter: ';', QUOTE: \"'\", escape: '\\\\', charset: latin1,"
                    + " nullvalue: NA, comment: '#', ignoreleadingwhitespace: true}")
            .options();
    assertThat(options.values())
        .containsEntry("sep", ";")
        .containsEntry("quote", "'")
        .containsEntry("escape", "\\")
        .containsEntry("encoding", "latin1")
        .containsEntry("nullValue", "NA")
        .containsEntry("comment", "#")
        .containsEntry("ignoreLeadingWhiteSpace", "true");
    assertThat(options.encoding()).isEqualTo(StandardCharsets.ISO_8859_1);
    assertThat(options.isOn("ignoreLeadingWhiteSpace")).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "p.csv | {encodng: x} | csv has no such option, it has sep, quote, escape, encoding, comment,"
            + " nullValue, ignoreLeadingWhiteSpace, ignoreTrailingWhiteSpace, the nearest is encoding"
            + " (encodng)",
        "p.jsonl | {sep: ';'} | json has no such option, it has encoding, multiLine, the nearest is"
            + " encoding (sep)",
        "p.txt | {quote: x} | txt has no such option, it has encoding, the nearest is encoding (quote)",
        "p.parquet | {sep: ';'} | parquet has none, its files say how they are read (sep)",
        "db.table | {encoding: x} | table has none, its files say how they are read (encoding)",
        "p.csv | {encoding: windows-9999} | encoding must be one that Java knows, such as windows-1252"
            + " or UTF-16 (windows-9999)",
        "p.csv | {escape: ab} | escape must be one character (ab)",
        "p.csv | {quote: ab} | quote must be one character or none (ab)",
        "p.csv | {sep: ''} | sep must be one or more characters, no line ends ()",
        "p.csv | {sep: '\"'} | quote must not be part of sep (\")",
        "p.csv | {ignoreLeadingWhiteSpace: 7} | ignoreLeadingWhiteSpace must be true or false (7)",
        "p.csv | {sep: [a]} | sep must be a single value (several)",
      })
  void refusesWhatAFormatDoesNotKnow(String table, String options, String problem) {
    assertThatThrownBy(() -> load(table, "prompts_options=" + options))
        .hasMessage("Cannot use prompts_options: " + problem);
  }

  @Test
  void refusesColumnsThatAreReadAndIgnored() {
    assertThatThrownBy(() -> load("p.csv", "id_column=prompt"))
        .hasMessage("Cannot use id_column: it must not be prompt_column (prompt)");
    assertThatThrownBy(() -> load("p.csv", "ignore_columns=a,prompt"))
        .hasMessage(
            "Cannot use ignore_columns: a column that is read must not be among them (a, prompt)");
    assertThatThrownBy(() -> load("p.csv", "seed=7"))
        .hasMessage(
            "Cannot use seed: a table is read by prompts_format, prompts_options, id_column,"
                + " prompt_column, ignore_columns alone (another setting)");
  }

  private static InputConfig.Table load(String location, String... settings) {
    return InputConfig.Table.load(location, List.of(settings));
  }
}
