package io.sparkdiffusion.config;

import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.Topic;
import io.sparkdiffusion.request.Values;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Every setting: the parameters of images, and those of the job. Names and defaults are those of
 * MaxDiffusion's Stable Diffusion 2 page.
 */
final class Settings {

  static final List<Setting> ALL =
      Stream.of(
              JobSettings.whatToDraw(),
              parameters(Topic.WHAT_TO_DRAW),
              parameters(Topic.HOW_TO_DRAW),
              JobSettings.howToDrawIt(),
              parameters(Topic.SIZE),
              JobSettings.withWhichModel(),
              JobSettings.onWhat(),
              JobSettings.toWhere())
          .flatMap(settings -> settings)
          .toList();

  static final Map<String, Setting> BY_KEY = byKey();

  private Settings() {}

  private static Stream<Setting> parameters(Topic topic) {
    return Parameters.ALL.stream()
        .filter(Parameter::isOfJob)
        .filter(parameter -> parameter.topic() == topic)
        .map(parameter -> Setting.of(parameter).told(config -> told(parameter, config.sampling())));
  }

  private static Object told(Parameter<?> parameter, Values sampling) {
    if (parameter == Parameters.RESOLUTION) {
      return isSquare(sampling) ? sampling.get(Parameters.HEIGHT) : "";
    }
    Object value = sampling.get(parameter);
    return parameter.isPrivate() && !value.equals("") ? "(set)" : value;
  }

  /** Whether height and width are one resolution. */
  static boolean isSquare(Values sampling) {
    return sampling.get(Parameters.HEIGHT).equals(sampling.get(Parameters.WIDTH));
  }

  private static Map<String, Setting> byKey() {
    Map<String, Setting> byKey = new LinkedHashMap<>();
    ALL.forEach(setting -> byKey.put(setting.key(), setting));
    return byKey;
  }
}
