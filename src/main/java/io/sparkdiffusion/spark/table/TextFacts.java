package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.TableFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;

/**
 * What a file of text is.
 *
 * @param file its path
 * @param header the names in its first line, where it has separators
 * @param first the first character that is no space, of JSON; 0 where there is none
 * @param rule what it breaks, empty where nothing
 * @param place where
 */
record TextFacts(String file, List<String> header, char first, String rule, String place)
    implements Serializable {

  /** Keeps a copy that can be sent. */
  TextFacts {
    header = new ArrayList<>(header);
  }

  boolean isWrong() {
    return !rule.isEmpty();
  }

  boolean isList() {
    return first == '[';
  }

  /** The file's own name, for people. */
  String name() {
    return Shown.text(new Path(file).getName());
  }

  /** Reads a whole file, once and with little memory. */
  static TextFacts of(String file, InputConfig.Table table, Configuration hadoop) {
    try (InputStream in = open(file, hadoop)) {
      return of(file, table, new StrictText(in, table.options().encoding()));
    } catch (TextFault e) {
      return new TextFacts(file, List.of(), '\0', e.rule(), e.place());
    } catch (IOException | RuntimeException | UnsatisfiedLinkError e) {
      return new TextFacts(file, List.of(), '\0', "it must be readable", TableReader.reason(e));
    }
  }

  private static TextFacts of(String file, InputConfig.Table table, StrictText text)
      throws IOException, TextFault {
    TableFormat format = table.storedFormat();
    if (format.hasSeparators()) {
      CsvScan scan = new CsvScan(text, format, table.options());
      List<String> header = scan.header();
      scan.rest();
      return new TextFacts(file, header, '\0', "", "");
    }
    if (format == TableFormat.JSON) {
      JsonScan scan = new JsonScan(text);
      char first = scan.first();
      if (first == '[' || (first != '\0' && table.options().isOn("multiLine"))) {
        scan.document();
      } else {
        scan.lines();
      }
      return new TextFacts(file, List.of(), first, "", "");
    }
    for (int c = text.next(); c >= 0; c = text.next()) {} // its characters are all that matters
    return new TextFacts(file, List.of(), '\0', "", "");
  }

  /** The bytes of a file, decompressed as Spark does by the ends of names. */
  static InputStream open(String file, Configuration hadoop) throws IOException {
    Path path = new Path(file);
    InputStream in = path.getFileSystem(hadoop).open(path);
    CompressionCodec codec = new CompressionCodecFactory(hadoop).getCodec(path);
    try {
      return codec == null ? in : codec.createInputStream(in);
    } catch (IOException | RuntimeException | UnsatisfiedLinkError e) {
      in.close();
      throw e;
    }
  }
}
