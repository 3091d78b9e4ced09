package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.LoraConfig;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.family.ModelFacts;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.hub.HubEnvironment;
import org.apache.hadoop.conf.Configuration;

/**
 * The real thing, of which the networks are checked once for all LoRAs.
 *
 * @param factory of the model with any LoRAs
 * @param baseDigest the model's without them
 * @param named how the job names the model
 * @param hub which hub is asked for LoRAs
 */
record AdaptablePipeline(
    PipelineFactory factory,
    String baseDigest,
    Networks networks,
    ModelConfig named,
    Configuration hadoop,
    HubEnvironment hub)
    implements AdaptableModel {

  @Override
  public Adapted with(LoraConfig loras) {
    ModelAdapters found = ModelAdapters.find(named.withLoras(loras), hadoop, hub);
    return new Adapted(
        factory.with(found),
        found.digest(baseDigest),
        found.told(baseDigest),
        ModelFacts.leftOut(networks.adapters(found.open(hadoop))).stream().toList());
  }
}
