package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.GraphException;
import io.sparkdiffusion.graph.Shape;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TorchDeviceTest {

  @ParameterizedTest
  @ValueSource(strings = {"", "CPU", "gpu", "cuda:", "cuda:-1", "cuda:1234", "cuda:x", "mps"})
  void refusesNamesThatAreNoDevice(String name) {
    assertThatThrownBy(() -> TorchDevice.open(name))
        .isInstanceOf(GraphException.class)
        .hasMessage("Cannot open a device: it must be cpu, cuda or cuda:N (%s)".formatted(name));
  }

  @Test
  void refusesAGpuThatIsNotThere() {
    assertThatThrownBy(() -> TorchDevice.open("cuda:999"))
        .isInstanceOf(GraphException.class)
        .hasMessageMatching(
            "Cannot open device cuda:999: libtorch must see that GPU \\(it sees \\d+(; .+)?\\); use"
                + " another, or device=cpu");
  }

  @Test
  void isNotUsableAfterItWasClosed() {
    TorchDevice device = TorchDevice.open("cpu");
    DeviceTensor tensor = device.floats(new float[] {1}, 1);
    tensor.close();
    device.close();
    device.close();

    assertThatThrownBy(() -> device.floats(new float[] {1}, 1))
        .isInstanceOf(GraphException.class)
        .hasMessage("Cannot use device cpu: it must be open (closed)");
    assertThatThrownBy(() -> new WeightDictionary(device))
        .isInstanceOf(GraphException.class)
        .hasMessage("Cannot use device cpu: it must be open (closed)");
  }

  /** It would wait for itself. */
  @Test
  void workOfTheDeviceMayCallTheDevice() {
    try (TorchDevice device = TorchDevice.open("cpu")) {
      Thread outer = device.call(Thread::currentThread);
      assertThat(device.call(() -> device.call(Thread::currentThread))).isSameAs(outer);
    }
  }

  @Test
  void copiesValuesInAndOut() {
    float[] values = {1.5f, -0.0f, Float.NaN, Float.MIN_VALUE};
    try (TorchDevice device = TorchDevice.open("cpu");
        DeviceTensor tensor = device.floats(values, 2, 2)) {
      assertThat(tensor.shape()).isEqualTo(Shape.of(2, 2));
      assertThat(tensor.toFloats()).containsExactly(values);
    }
  }

  @Test
  void aTensorIsNotUsableAfterItWasClosed() {
    try (TorchDevice device = TorchDevice.open("cpu")) {
      DeviceTensor tensor = device.floats(new float[] {1}, 1);
      tensor.close();
      tensor.close();
      assertThatThrownBy(tensor::toFloats)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("Cannot use a tensor: it must be open (closed)");
    }
  }

  @Test
  void valuesMustFillTheShape() {
    try (TorchDevice device = TorchDevice.open("cpu")) {
      assertThatThrownBy(() -> device.floats(new float[3], 2, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Cannot make a tensor: the values must fill its shape (12 bytes, [2, 2])");
      assertThatThrownBy(() -> device.longs(new long[5], 2, 2))
          .hasMessage("Cannot make a tensor: the values must fill its shape (40 bytes, [2, 2])");
    }
  }

  @Test
  void passesOnWhatTheWorkThrows() {
    try (TorchDevice device = TorchDevice.open("cpu")) {
      IllegalStateException failure = new IllegalStateException("no");
      AssertionError error = new AssertionError("never");

      assertThatThrownBy(() -> fail(device, failure)).isSameAs(failure);
      assertThatThrownBy(
              () ->
                  device.call(
                      () -> {
                        throw error;
                      }))
          .isSameAs(error);
    }
  }

  private static void fail(TorchDevice device, RuntimeException failure) {
    device.call(
        () -> {
          throw failure;
        });
  }

  @Test
  void callsOfSeveralThreadsRunOneAfterAnotherOnOneThread() throws Exception {
    Graph graph = new Graph("twice");
    graph.returns(graph.input(1).times(2));
    ExecutorService tasks = Executors.newFixedThreadPool(8);
    try (TorchDevice device = TorchDevice.open("cpu");
        WeightDictionary weights = new WeightDictionary(device);
        CompiledGraph compiled = CompiledGraph.compile(graph, weights)) {
      List<Future<Float>> results =
          IntStream.range(0, 200)
              .mapToObj(i -> tasks.submit(() -> run(device, compiled, i)))
              .toList();
      for (int i = 0; i < results.size(); i++) {
        assertThat(results.get(i).get()).isEqualTo(2f * i);
      }
      List<Future<Thread>> threads =
          IntStream.range(0, 8)
              .mapToObj(i -> tasks.submit(() -> device.call(Thread::currentThread)))
              .toList();
      for (Future<Thread> thread : threads) {
        assertThat(thread.get()).isSameAs(threads.get(0).get());
        assertThat(thread.get().getName()).isEqualTo("libtorch-cpu");
      }
    } finally {
      tasks.shutdownNow();
    }
  }

  private static float run(TorchDevice device, CompiledGraph compiled, int value) {
    try (DeviceTensor input = device.floats(new float[] {value}, 1);
        DeviceTensor output = compiled.run(input)) {
      return output.toFloats()[0];
    }
  }

  /** What the work opens would have no owner if the caller went away. */
  @Test
  void anInterruptedCallerStillGetsItsResult() {
    try (TorchDevice device = TorchDevice.open("cpu")) {
      Thread.currentThread().interrupt();
      try (DeviceTensor tensor = device.floats(new float[] {7}, 1)) {
        assertThat(tensor.toFloats()).containsExactly(7);
      }
      assertThat(Thread.interrupted()).isTrue();
    }
  }
}
