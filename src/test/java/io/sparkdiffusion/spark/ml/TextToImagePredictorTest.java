package io.sparkdiffusion.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sources that no build compiles: the profile djl-spark's, and the README's. */
class TextToImagePredictorTest {

  private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final StructType PROMPTS =
      new StructType().add("id", DataTypes.StringType).add("text", DataTypes.StringType);

  @TempDir private Path folder;

  /** Against stand-ins for the extension's classes, since it does not resolve. */
  @Test
  void isAPredictorOfDjlsExtension() throws Exception {
    // JDK 21's own lint: all of Spark's transformers tell others of themselves while they are made.
    String since21 = Runtime.version().feature() < 21 ? "" : ",-this-escape";
    compile(
        List.of("-Xlint:all,-path,-processing,-serial,-classfile" + since21, "-Werror"),
        Path.of("src/test/resources/djl-spark"),
        Path.of("src/djl-spark/java"));
    URL[] classes = {folder.toUri().toURL()};
    try (URLClassLoader loader = new URLClassLoader(classes, getClass().getClassLoader())) {
      Class<?> type = loader.loadClass("io.sparkdiffusion.djl.TextToImagePredictor");
      assertThat(type.getSuperclass().getName())
          .isEqualTo("ai.djl.spark.task.text.BaseTextPredictor");
      Transformer predictor = (Transformer) type.getConstructor().newInstance();
      assertThatThrownBy(() -> predictor.transformSchema(PROMPTS))
          .isExactlyInstanceOf(ProblemsException.class)
          .hasMessageContaining("Cannot use modelUrl: it must name a model folder (not set)");

      set(predictor, "setModelUrl", ReferenceModels.folder("base").toString());
      set(predictor, "setInputCol", "text");
      set(predictor, "setOutputCol", "drawn");
      assertThat(predictor.copy(ParamMap.empty()).transformSchema(PROMPTS))
          .isEqualTo(PROMPTS.add("drawn", ImageColumn.type(), false));

      set(predictor, "setEngine", "MXNet");
      assertThatThrownBy(() -> predictor.transformSchema(PROMPTS))
          .hasMessage("Cannot use engine: it must be PyTorch (MXNet)");
    }
  }

  private static void set(Transformer predictor, String setter, String value) throws Exception {
    predictor.getClass().getMethod(setter, String.class).invoke(predictor, value);
  }

  @Test
  void compilesTheReadmesExample() throws IOException {
    Matcher example = JAVA.matcher(Files.readString(Path.of("README.md")));
    assertThat(example.find()).isTrue();
    Path sources = Files.createDirectory(folder.resolve("readme"));
    Files.writeString(sources.resolve("Draw.java"), example.group(1));
    compile(List.of(), sources);
  }

  private void compile(List<String> options, Path... sources) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> all =
        Stream.concat(options.stream(), Stream.of("-d", folder.toString(), "-cp", classPath))
            .toList();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      List<File> found =
          Stream.of(sources)
              .flatMap(TextToImagePredictorTest::javaFiles)
              .map(Path::toFile)
              .toList();
      Boolean isCompiled =
          compiler
              .getTask(null, files, null, all, null, files.getJavaFileObjectsFromFiles(found))
              .call();
      assertThat(isCompiled).as("what the compiler says stands above").isTrue();
    }
  }

  private static Stream<Path> javaFiles(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(".java")).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
