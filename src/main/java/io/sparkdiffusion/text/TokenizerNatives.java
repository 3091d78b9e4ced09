package io.sparkdiffusion.text;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.util.Utils;
import io.sparkdiffusion.util.NativeLibraries;
import java.util.concurrent.Callable;

/** The native library of the tokenizers. */
public final class TokenizerNatives {

  private TokenizerNatives() {}

  /** Unpacks it to {@code ENGINE_CACHE_DIR} and loads it. */
  public static void unpack() throws Exception {
    unpacking(
        () -> {
          LibUtils.checkStatus();
          return true;
        });
  }

  /** Runs what may unpack it. */
  static <T> T unpacking(Callable<T> load) throws Exception {
    return NativeLibraries.unpacking(Utils.getEngineCacheDir(), load);
  }
}
