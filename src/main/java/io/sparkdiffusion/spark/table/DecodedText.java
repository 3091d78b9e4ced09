package io.sparkdiffusion.spark.table;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/** Files as texts, where Spark's readers of lines know neither the encoding nor the form. */
final class DecodedText implements FlatMapFunction<String, String> {

  private static final long serialVersionUID = 1L;

  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private final SerializableConfiguration hadoop;
  private final String encoding;
  private final boolean areWhole;

  private DecodedText(SerializableConfiguration hadoop, String encoding, boolean areWhole) {
    this.hadoop = hadoop;
    this.encoding = encoding;
    this.areWhole = areWhole;
  }

  /** The lines of files, a partition for each file. */
  static Dataset<String> lines(
      SparkSession spark, List<String> files, Charset encoding, Configuration hadoop) {
    return texts(spark, files, encoding, hadoop, false);
  }

  /** Whole files, each in the memory of the task that reads it. */
  static Dataset<String> whole(
      SparkSession spark, List<String> files, Charset encoding, Configuration hadoop) {
    return texts(spark, files, encoding, hadoop, true);
  }

  private static Dataset<String> texts(
      SparkSession spark,
      List<String> files,
      Charset encoding,
      Configuration hadoop,
      boolean areWhole) {
    DecodedText decoded =
        new DecodedText(new SerializableConfiguration(hadoop), encoding.name(), areWhole);
    return spark.createDataset(
        JavaSparkContext.fromSparkContext(spark.sparkContext())
            .parallelize(files, Math.max(1, files.size()))
            .flatMap(decoded)
            .rdd(),
        Encoders.STRING());
  }

  @Override
  public Iterator<String> call(String file) throws IOException {
    BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(TextFacts.open(file, hadoop.value()), Charset.forName(encoding)));
    TaskContext.get()
        .addTaskCompletionListener(
            context -> {
              try {
                reader.close();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    reader.mark(1);
    if (reader.read() != BYTE_ORDER_MARK) {
      reader.reset();
    }
    return areWhole ? Stream.of(all(reader)).iterator() : reader.lines().iterator();
  }

  private static String all(BufferedReader reader) throws IOException {
    StringWriter text = new StringWriter();
    reader.transferTo(text);
    return text.toString();
  }
}
