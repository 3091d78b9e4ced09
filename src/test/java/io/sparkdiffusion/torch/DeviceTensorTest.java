package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import ai.djl.ndarray.BaseNDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import io.sparkdiffusion.graph.Shape;
import java.lang.reflect.Field;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeviceTensorTest {

  /** DJL copies from a GPU whatever says that it is there; here that is a CPU's memory. */
  @Test
  void leavesNothingBehindWhenItIsCopiedFromAGpu() {
    try (TorchDevice device = TorchDevice.open("cpu");
        DeviceTensor tensor = device.floats(new float[] {1, 2, 3}, 3)) {
      int before = resources(device.manager());
      for (int i = 0; i < 1000; i++) {
        float[] copied =
            device.call(
                () ->
                    DeviceTensor.copied(
                        device.manager(),
                        manager -> claimingAGpu(tensor.value().toTensor(manager)),
                        PtNDArray::toFloatArray));
        assertThat(copied).containsExactly(1, 2, 3);
      }
      assertThat(resources(device.manager()) - before).isZero();
    }
  }

  @Test
  void leavesNothingBehindWhenItIsMadeAndCopied() {
    try (TorchDevice device = TorchDevice.open("cpu")) {
      int before = resources(device.manager());
      for (int i = 0; i < 100; i++) {
        try (DeviceTensor tensor = device.floats(new float[] {i}, 1)) {
          assertThat(tensor.toFloats()).containsExactly(i);
        }
      }
      assertThat(resources(device.manager()) - before).isZero();
    }
  }

  @Test
  void rowsAreThoseOfTheWhole() {
    try (TorchDevice device = TorchDevice.open("cpu");
        DeviceTensor tensor = device.floats(new float[] {1, 2, 3, 4, 5, 6}, 3, 2)) {
      int before = resources(device.manager());
      for (int i = 0; i < 100; i++) {
        try (DeviceTensor rows = tensor.rows(1, 2)) {
          assertThat(rows.shape()).isEqualTo(Shape.of(2, 2));
          assertThat(rows.toFloats()).containsExactly(3, 4, 5, 6);
        }
      }
      assertThat(resources(device.manager()) - before).isZero();
      assertThatThrownBy(() -> tensor.rows(2, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("Cannot take rows of a tensor: they must lie inside (2 from 2 on of [3, 2])");
    }
  }

  private static PtNDArray claimingAGpu(PtNDArray array) {
    try {
      Field device = PtNDArray.class.getDeclaredField("device");
      device.setAccessible(true);
      device.set(array, Device.gpu(0));
      return array;
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private static int resources(PtNDManager manager) {
    try {
      Field resources = BaseNDManager.class.getDeclaredField("resources");
      resources.setAccessible(true);
      return ((Map<?, ?>) resources.get(manager)).size();
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }
}
