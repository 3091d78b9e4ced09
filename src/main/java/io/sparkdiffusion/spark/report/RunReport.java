package io.sparkdiffusion.spark.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.metadata.Build;
import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.spark.executor.GenerationCounters;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.model.Models;
import io.sparkdiffusion.spark.output.LostOutputException;
import io.sparkdiffusion.spark.output.OutputFolder;
import io.sparkdiffusion.spark.plan.RunCounts;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is known about a run so far; at its end {@code run.json}. */
public final class RunReport {

  private static final Logger LOG = LoggerFactory.getLogger(RunReport.class);

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final double NANOS_PER_SECOND = 1e9;

  private final JobConfig config;
  private final String sparkVersion;
  private final GenerationCounters counters;
  private final Instant started = Instant.now();
  private Model model;
  private Optional<Models> models = Optional.empty();
  private Optional<ExecutionConfig> settled = Optional.empty();
  private Optional<LeftOut> leftOut = Optional.empty();
  private RunCounts counts = RunCounts.NONE;

  public RunReport(JobConfig config, String sparkVersion, GenerationCounters counters) {
    this.config = config;
    this.sparkVersion = sparkVersion;
    this.counters = counters;
  }

  public void model(Model opened) {
    model = opened;
  }

  /** The model with each set of LoRAs that rows name. */
  public void models(Models found) {
    models = Optional.of(found);
  }

  /** What the devices compute in, where the configuration has left it to them too. */
  public void settled(ExecutionConfig execution) {
    settled = Optional.of(execution);
  }

  /** Who follows what Spark leaves out. */
  public void leftOut(LeftOut followed) {
    leftOut = Optional.of(followed);
  }

  public void counts(RunCounts known) {
    counts = known;
  }

  /** The time so far. */
  public RunSeconds seconds() {
    return new RunSeconds(
        counters.loadNanos().value() / NANOS_PER_SECOND,
        counters.compileNanos().value() / NANOS_PER_SECOND,
        counters.inferenceNanos().value() / NANOS_PER_SECOND,
        Duration.between(started, Instant.now()).toMillis() / 1e3);
  }

  /**
   * Writes {@code run.json}. A report that cannot be written fails no run that has made its images.
   *
   * @param status {@code done}, {@code stopped}, {@code interrupted} or {@code failed}
   * @param error why it did not end well, empty where it did
   * @throws LostOutputException where the folder is another run's by now
   */
  public void write(OutputFolder output, String status, Optional<String> error)
      throws LostOutputException {
    try {
      output.writeText("run.json", json(output.runId(), status, error));
    } catch (LostOutputException e) {
      throw e;
    } catch (IOException e) {
      LOG.warn("Cannot write run.json: {}", e.getMessage());
    }
  }

  private String json(String runId, String status, Optional<String> error) {
    RunSeconds seconds = seconds();
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("run_id", runId);
    report.put("status", status);
    report.put("error", error.orElse(null));
    report.put("started", started.toString());
    report.put("finished", Instant.now().toString());
    report.put("rows", rows());
    report.put("failures", counts.failures());
    report.put("warnings", warnings());
    report.put("left_out", leftOut.map(LeftOut::lines).orElse(List.of()));
    report.put("seconds", seconds);
    report.put(
        "images_per_second",
        seconds.inference() > 0 ? counts.generated() / seconds.inference() : null);
    report.put(
        "cost",
        DeviceCost.of(config.price(), seconds.onDevices()).map(DeviceCost::facts).orElse(null));
    report.put("model", model == null ? null : modelFacts());
    report.put("computation", settled.map(RunReport::computation).orElse(null));
    report.put("versions", versions());
    report.put("configuration", config.effective());
    try {
      return JSON.writeValueAsString(report) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("The report holds texts and numbers only", e);
    }
  }

  private Map<String, Object> rows() {
    Map<String, Object> rows = new LinkedHashMap<>();
    rows.put("total", counts.total());
    rows.put("generated", counts.generated());
    rows.put("skipped", counts.skipped());
    rows.put("failed", counts.failed());
    return rows;
  }

  private Map<String, Object> warnings() {
    Map<String, Object> warnings = new LinkedHashMap<>();
    warnings.put("truncated_texts", counts.truncated());
    warnings.put("weights_drawn_as_words", counts.unread());
    warnings.put("batch_halvings", counters.batchHalvings().value());
    return warnings;
  }

  private Map<String, Object> modelFacts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("name", model.name());
    if (!model.commit().isEmpty()) {
      facts.put("commit", model.commit());
    }
    facts.put("digest", model.digest());
    if (!model.loras().setting().isEmpty()) {
      facts.put("base_digest", model.baseDigest());
      facts.put("loras", model.loras().setting());
    }
    if (!model.embeddings().setting().isEmpty()) {
      facts.put("embeddings", model.embeddings().setting());
    }
    if (!model.controlNets().setting().isEmpty()) {
      facts.put("controlnets", model.controlNets().setting());
    }
    models.filter(Models::areSeveral).ifPresent(all -> facts.put("lora_sets", sets(all)));
    return facts;
  }

  /** Each loaded once on every executor that makes its images. */
  private static List<Map<String, String>> sets(Models models) {
    return models.all().stream()
        .map(one -> Map.of("loras", one.loras().setting(), "digest", one.digest()))
        .<Map<String, String>>map(TreeMap::new)
        .toList();
  }

  /** As it was settled; the batch of each image is in its provenance. */
  private static Map<String, Object> computation(ExecutionConfig execution) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("dtype", execution.dtype().label());
    facts.put("per_device_batch_size", execution.perDeviceBatchSize().toString());
    return facts;
  }

  private Map<String, Object> versions() {
    Provenance.Versions built = Build.versions();
    Map<String, Object> versions = new LinkedHashMap<>();
    versions.put("spark_diffusion", built.sparkDiffusion());
    versions.put("image_version", built.imageVersion());
    versions.put("djl", built.djl());
    versions.put("libtorch", built.libtorch());
    versions.put("java", built.java());
    versions.put("spark", sparkVersion);
    return versions;
  }
}
