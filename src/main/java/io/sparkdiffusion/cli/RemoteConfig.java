package io.sparkdiffusion.cli;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.spark.table.MissingFileSystems;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import scala.Tuple2;

/** A configuration file on a file system that Hadoop knows, read before Spark has started. */
final class RemoteConfig {

  private static final String HADOOP = "spark.hadoop.";
  private static final int MOST_BYTES = 1 << 20;

  private RemoteConfig() {}

  /** True for what has a scheme, as {@code hdfs://} or {@code file:/}; one letter is a drive. */
  public static boolean isAddress(String file) {
    return file.matches("[A-Za-z][A-Za-z0-9+.-]+:/.*");
  }

  /**
   * Reads a file.
   *
   * @param conf what the user has set for Hadoop counts
   * @throws ProblemsException where it cannot be read as UTF-8, or Spark lacks its file system
   */
  public static String read(String address, SparkConf conf) {
    Configuration hadoop = new Configuration();
    for (Tuple2<String, String> set : conf.getAllWithPrefix(HADOOP)) {
      hadoop.set(set._1(), set._2());
    }
    MissingFileSystems.refuse("CONFIG", address, hadoop);
    Path path = new Path(address);
    try (InputStream in = path.getFileSystem(hadoop).open(path)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw problem(address, "it must have at most %s bytes".formatted(MOST_BYTES), "more", null);
      }
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw problem(address, "it must be UTF-8", "it is not", e);
    } catch (FileNotFoundException e) {
      throw problem(address, "the file must exist", "missing", e);
    } catch (IOException | IllegalArgumentException e) {
      throw problem(address, "it must be a file that Hadoop can read", Failures.reason(e), e);
    }
  }

  private static ProblemsException problem(
      String address, String rule, String actual, Exception cause) {
    return new ProblemsException("Cannot read %s: %s (%s)".formatted(address, rule, actual), cause);
  }
}
