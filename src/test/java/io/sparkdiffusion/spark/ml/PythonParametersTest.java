package io.sparkdiffusion.spark.ml;

import io.sparkdiffusion.testing.MadeFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
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

      from __future__ import annotations

      from typing import TYPE_CHECKING, TypeVar

      from pyspark.ml.param import Param, Params, TypeConverters

      if TYPE_CHECKING:
          from typing_extensions import TypedDict

          class Given(TypedDict, total=False):
              \"""What a TextToImage can be made with.\"""

      %s

      P = TypeVar("P", bound="Parameters")


      class Parameters(Params):
          \"""A parameter and its setter for each one of Java's; the setter returns the stage.\"""
      """;

  private static final String FIELD = "        %s: %s";

  private static final String PARAMETER =
      """

          %1$s: Param[%2$s] = Param(Params._dummy(), "%1$s", "%3$s", TypeConverters.%4$s)

          def set%5$s(self: P, value: %2$s) -> P:
              \"""%3$s\"""
              return self._set(%1$s=value)
      """;

  @Test
  void isWhatTheJavaSideHas() throws IOException {
    Param<?>[] parameters = new TextToImage("drawing").params();
    String fields =
        Arrays.stream(parameters)
            .map(param -> FIELD.formatted(param.name(), type(converter(param))))
            .collect(Collectors.joining("\n"));
    MadeFile.holds(
        Path.of("python/sparkdiffusion/parameters.py"),
        Arrays.stream(parameters)
            .map(PythonParametersTest::parameter)
            .collect(Collectors.joining("", HEAD.formatted(fields), "")));
  }

  private static String parameter(Param<?> param) {
    String converter = converter(param);
    String words =
        Arrays.stream(param.name().split("_", -1))
            .map(word -> word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1))
            .collect(Collectors.joining());
    return PARAMETER.formatted(
        param.name(), type(converter), param.doc().replace("\"", "\\\""), converter, words);
  }

  private static String type(String converter) {
    return switch (converter) {
      case "toInt" -> "int";
      case "toFloat" -> "float";
      case "toBoolean" -> "bool";
      default -> "str";
    };
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
