package io.sparkdiffusion.spark.ml;

import io.sparkdiffusion.testing.MadeFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.junit.jupiter.api.Test;

/** Python's list of parameters is made from Java's. */
class PythonParametersTest {

  private static final String HEAD =
      """
      \"""The parameters of TextToImage. Made from the Java side by PythonParametersTest, with \
      -Dsparkdiffusion.write=true.\"""

      from pyspark.ml.param import Param, Params, TypeConverters


      class Parameters(Params):
      """;

  @Test
  void isWhatTheJavaSideHas() throws IOException {
    MadeFile.holds(
        Path.of("python/sparkdiffusion/parameters.py"),
        Arrays.stream(new TextToImage("drawing").params())
            .map(PythonParametersTest::line)
            .collect(Collectors.joining("", HEAD, "")));
  }

  private static String line(Param<?> param) {
    return "    %s = Param(Params._dummy(), \"%s\", \"%s\", TypeConverters.%s)\n"
        .formatted(param.name(), param.name(), param.doc().replace("\"", "\\\""), converter(param));
  }

  private static String converter(Param<?> param) {
    if (param instanceof IntParam || param instanceof LongParam) {
      return "toInt";
    }
    if (param instanceof DoubleParam) {
      return "toFloat";
    }
    return param instanceof BooleanParam ? "toBoolean" : "toString";
  }
}
