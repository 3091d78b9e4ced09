package io.sparkdiffusion.cli;

import io.sparkdiffusion.config.Shown;
import java.io.IOException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.yarn.api.records.ApplicationId;
import org.apache.hadoop.yarn.api.records.ApplicationReport;
import org.apache.hadoop.yarn.client.api.YarnClient;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.exceptions.YarnException;

/** An application whose driver YARN has run, for the process that submitted it and waits. */
final class YarnApplication {

  /** How Spark's client says that one has not ended well. */
  private static final Pattern FAILED =
      Pattern.compile(
          "(?:The final status of a|A)pplication (application_\\d+_\\d+) (?:finished with|is) .*");

  private final ApplicationId id;

  private YarnApplication(ApplicationId id) {
    this.id = id;
  }

  /** The application of which a failure speaks. */
  static Optional<YarnApplication> of(Throwable failure) {
    Matcher told = FAILED.matcher(String.valueOf(failure.getMessage()));
    return told.matches()
        ? Optional.of(new YarnApplication(ApplicationId.fromString(told.group(1))))
        : Optional.empty();
  }

  /** How it ended, with its own last line where it has left one. */
  YarnDriver.Ending ending() {
    try (YarnClient yarn = YarnClient.createYarnClient()) {
      yarn.init(new YarnConfiguration());
      yarn.start();
      return ending(yarn.getApplicationReport(id));
    } catch (IOException | YarnException e) {
      return failed("YARN does not tell why, " + e.getMessage());
    }
  }

  private YarnDriver.Ending ending(ApplicationReport report) {
    String diagnostics = String.valueOf(report.getDiagnostics());
    return YarnDriver.read(diagnostics)
        .orElseGet(
            () ->
                failed(
                    report.getFinalApplicationStatus()
                        + ", "
                        + diagnostics.lines().findFirst().orElse("YARN does not tell why")));
  }

  private YarnDriver.Ending failed(String how) {
    return new YarnDriver.Ending(
        ExitCode.JOB_FAILED,
        Shown.line("Failed: %s: %s; yarn logs -applicationId %1$s says more".formatted(id, how)));
  }
}
