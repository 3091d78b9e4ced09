package io.sparkdiffusion.torch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A library of CUDA that libtorch_cuda.so is linked to; it finds them beside itself, where pip puts
 * them. Their names are those of CUDA 12 in every flavor.
 */
enum CudaLibrary {
  RUNTIME("libcudart.so.12", "nvidia-cuda-runtime-cu12"),
  CUPTI("libcupti.so.12", "nvidia-cuda-cupti-cu12"),
  CUBLAS("libcublas.so.12", "nvidia-cublas-cu12"),
  CUBLAS_LT("libcublasLt.so.12", "nvidia-cublas-cu12"),
  CUDNN("libcudnn.so.9", "nvidia-cudnn-cu12"),
  CUFFT("libcufft.so.11", "nvidia-cufft-cu12"),
  CUFILE("libcufile.so.0", "nvidia-cufile-cu12"),
  CURAND("libcurand.so.10", "nvidia-curand-cu12"),
  CUSPARSE("libcusparse.so.12", "nvidia-cusparse-cu12"),
  CUSPARSE_LT("libcusparseLt.so.0", "nvidia-cusparselt-cu12"),
  NCCL("libnccl.so.2", "nvidia-nccl-cu12"),
  NVJITLINK("libnvJitLink.so.12", "nvidia-nvjitlink-cu12"),
  NVRTC("libnvrtc.so.12", "nvidia-cuda-nvrtc-cu12");

  private final String fileName;
  private final String pipPackage;

  CudaLibrary(String fileName, String pipPackage) {
    this.fileName = fileName;
    this.pipPackage = pipPackage;
  }

  String fileName() {
    return fileName;
  }

  /** {@code libcublas.so.12 of nvidia-cublas-cu12}. */
  String told() {
    return fileName + " of " + pipPackage;
  }

  /** Where torch/lib looks: in itself and in the folders of NVIDIA's wheels beside torch. */
  static List<Path> folders(Path torchLib) {
    List<Path> folders = new ArrayList<>(List.of(torchLib));
    Path packages = torchLib.resolve("../..").normalize();
    folders.add(packages.resolve("cusparselt/lib"));
    Path nvidia = packages.resolve("nvidia");
    if (Files.isDirectory(nvidia)) {
      try (DirectoryStream<Path> wheels = Files.newDirectoryStream(nvidia)) {
        wheels.forEach(wheel -> folders.add(wheel.resolve("lib")));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return folders;
  }

  /** Those that torch/lib will not find. */
  static List<CudaLibrary> missing(Path torchLib) {
    List<Path> folders = folders(torchLib);
    return Arrays.stream(values()).filter(library -> !library.isIn(folders)).toList();
  }

  boolean isIn(List<Path> folders) {
    return folders.stream().anyMatch(folder -> Files.exists(folder.resolve(fileName)));
  }
}
