package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LibtorchFolderTest {

  private static final String RIGHT = "2.7.1+cpu";

  @TempDir private Path folder;

  /** A virtual environment, an unpacked conda-pack archive, {@code pip install --target}. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "lib/python3.11/site-packages",
        "lib64/python3.9/site-packages",
        "lib/python3/dist-packages",
        ""
      })
  void findsWhereverPipPutsIt(String below) {
    Path packages = InstalledTorch.in(folder.resolve(below), RIGHT);

    assertThat(find(folder))
        .isEqualTo(
            new LibtorchFolder(
                folder.toString(), packages.resolve("torch/lib").normalize(), "2.7.1", "cpu"));
  }

  @Test
  void takesTorchAndItsLibrariesThemselves() {
    InstalledTorch.in(folder, RIGHT);

    assertThat(find(folder.resolve("torch")).lib()).isEqualTo(folder.resolve("torch/lib"));
    assertThat(find(folder.resolve("torch/lib")).lib()).isEqualTo(folder.resolve("torch/lib"));
  }

  @Test
  void readsTheVersionOfAnArchiveWithoutPython() {
    InstalledTorch.write(folder.resolve("build-version"), RIGHT + "\n");
    InstalledTorch.write(folder.resolve("lib/libtorch.so"), "");

    assertThat(find(folder).version()).isEqualTo("2.7.1");
  }

  @ParameterizedTest
  @CsvSource({"cu126, cu128", "cu128, cu128", "cpu, cpu"})
  void takesTheBuildsThatTheJobsBridgeFits(String flavor, String bridge) {
    InstalledTorch.withCuda(folder, "2.7.1+" + flavor);

    LibtorchFolder found = find(folder);
    assertThat(found.flavor()).isEqualTo(flavor);
    assertThat(found.isCuda()).isEqualTo(!flavor.equals("cpu"));
    assertThat(JobJni.flavorFor(flavor)).isEqualTo(bridge);
  }

  /** Another version ends the JVM by a signal, so it is read as text. */
  @Test
  void tellsEverythingThatIsWrongAtOnce() {
    InstalledTorch.withCuda(folder, "2.6.0+cu124", CudaLibrary.RUNTIME, CudaLibrary.CUDNN);
    Path bridge = InstalledTorch.write(folder.resolve("torch/lib/libdjl_torch.so"), "another's");

    assertThatThrownBy(() -> find(folder))
        .isInstanceOf(UnusableLibtorchException.class)
        .hasMessage(
            """
            Cannot use libtorch_path=FOLDER: its version must be 2.7.1, for which the job is built \
            and beside which the JVM would end (2.6.0 by FOLDER/torch/version.py); pip install \
            torch==2.7.1, or jobs/gpu-env
            Cannot use libtorch_path=FOLDER: its build must be one of cpu, cu126, cu128 of \
            PyTorch's own (cu124)
            Cannot use libtorch_path=FOLDER: the CUDA libraries that it needs must lie beside it, \
            as pip puts them (missing: libcudart.so.12 of nvidia-cuda-runtime-cu12, libcudnn.so.9 \
            of nvidia-cudnn-cu12); install the packages there, or make the folder anew by \
            jobs/gpu-env
            Cannot use libtorch_path=FOLDER: a libdjl_torch.so beside it must be the job's own, \
            since another ends the JVM (BRIDGE); remove it"""
                .replace("FOLDER", folder.toString())
                .replace("BRIDGE", bridge.toString()));
  }

  @Test
  void refusesALibtorchOfNoKnownVersion() {
    InstalledTorch.write(folder.resolve("lib/libtorch.so"), "");

    assertThatThrownBy(() -> find(folder))
        .hasMessageContaining("its version must be 2.7.1")
        .hasMessageContaining("(unknown by " + folder.resolve("version.py") + ")");
  }

  @Test
  void refusesAVersionThatIsNoText() throws Exception {
    InstalledTorch.write(folder.resolve("lib/libtorch.so"), "");
    Files.write(folder.resolve("version.py"), new byte[] {(byte) 0xFF});

    assertThatThrownBy(() -> find(folder)).hasMessageContaining("(unknown by ");
  }

  @Test
  void tellsOfAPathWithPercentSigns() {
    assertThatThrownBy(() -> LibtorchFolder.find("libtorch_path", "./100%/%s"))
        .hasMessageStartingWith("Cannot use libtorch_path=./100%/%s: it must be a folder on every");
  }

  @Test
  void refusesAFolderWithoutPyTorch() {
    assertThatThrownBy(() -> find(folder))
        .hasMessage(
            "Cannot use libtorch_path=%s: it must be a virtual environment, a folder that pip has"
                    .formatted(folder)
                + " installed into, or torch/lib (it has no torch/lib/libtorch.so); jobs/gpu-env"
                + " makes one");
  }

  @Test
  void refusesAFolderThatIsNotThere() {
    assertThatThrownBy(() -> LibtorchFolder.find("libtorch_path", "./gpu-env"))
        .hasMessage(
            "Cannot use libtorch_path=./gpu-env: it must be a folder on every executor (there is"
                + " none, from working directory %s)",
            Path.of("").toAbsolutePath());
  }

  @Test
  void refusesToChooseBetweenTwo() {
    Path older = InstalledTorch.in(folder.resolve("lib/python3.10/site-packages"), RIGHT);
    Path newer = InstalledTorch.in(folder.resolve("lib/python3.11/site-packages"), RIGHT);

    assertThatThrownBy(() -> find(folder))
        .hasMessageContaining("it must hold one libtorch (")
        .hasMessageContaining(older.resolve("torch/lib").toString())
        .hasMessageContaining(newer.resolve("torch/lib").toString());
  }

  @Test
  void takesAVirtualEnvironmentsLinkForNoSecondOne() throws Exception {
    Path packages = InstalledTorch.in(folder.resolve("lib/python3.11/site-packages"), RIGHT);
    Files.createSymbolicLink(folder.resolve("lib64"), Path.of("lib"));

    assertThat(find(folder).lib()).isEqualTo(packages.resolve("torch/lib"));
  }

  /** On YARN what --archives unpacks is a link in the working directory. */
  @Test
  void followsALinkToTheFolder() throws Exception {
    Path unpacked = InstalledTorch.in(folder.resolve("unpacked"), RIGHT);
    Path link = Files.createSymbolicLink(folder.resolve("gpu-env"), unpacked);

    assertThat(find(link).lib()).isEqualTo(link.resolve("torch/lib"));
  }

  private static LibtorchFolder find(Path named) {
    return LibtorchFolder.find("libtorch_path", named.toString());
  }
}
