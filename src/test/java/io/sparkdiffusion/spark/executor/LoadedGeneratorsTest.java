package io.sparkdiffusion.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.PipelineTimes;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.spark.model.ImageGenerator;
import io.sparkdiffusion.testing.ChildJvm;
import java.time.Duration;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

class LoadedGeneratorsTest {

  @Test
  void loadsOncePerDeviceAndClosesAllWhenTheJvmEnds() throws Exception {
    String printed = ChildJvm.run(LoadedGeneratorsTest.class, List.of());
    assertThat(printed.lines().filter(LoadedGeneratorsTest::isOurs))
        .startsWith("loaded cuda:0", "loaded cuda:1", "end of main")
        .hasSize(5)
        .contains("closed cuda:0", "closed cuda:1");
  }

  /** What the child does. */
  public static void main(String[] arguments) {
    Configuration hadoop = new Configuration();
    for (String device : List.of("cuda:0", "cuda:1", "cuda:0", "cuda:1")) {
      LoadedGenerators.getOrCreate(new Factory(), device, hadoop);
    }
    System.out.println("end of main");
  }

  private static boolean isOurs(String line) {
    return line.startsWith("loaded ") || line.startsWith("closed ") || line.startsWith("end ");
  }

  private record Factory() implements GeneratorFactory {

    @Override
    public void check(Configuration hadoop) {}

    @Override
    public ImageGenerator load(String device, Configuration hadoop) {
      System.out.println("loaded " + device);
      return new Generator(device);
    }

    @Override
    public int gpuCount() {
      return 2;
    }
  }

  private record Generator(String device) implements ImageGenerator {

    @Override
    public List<ImageResult> generate(List<ImageRequest> requests, int batchSize) {
      return List.of();
    }

    @Override
    public PipelineTimes times() {
      return new PipelineTimes(Duration.ZERO, Duration.ZERO, Duration.ZERO);
    }

    @Override
    public Provenance.Computation computation() {
      return new Provenance.Computation(device, "fake", "float32", 1, 1);
    }

    @Override
    public Provenance.Versions versions() {
      return new Provenance.Versions("test", 1, "none", "none", "17");
    }

    @Override
    public void close() {
      System.out.println("closed " + device);
    }
  }
}
