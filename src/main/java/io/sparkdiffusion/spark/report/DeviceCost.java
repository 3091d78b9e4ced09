package io.sparkdiffusion.spark.report;

import io.sparkdiffusion.config.DevicePrice;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the time of devices costs.
 *
 * @param total in the currency of the price
 */
public record DeviceCost(double deviceHours, double pricePerDeviceHour, double total) {

  private static final double SECONDS_PER_HOUR = 3600;

  /** Nothing where no price is known. */
  public static Optional<DeviceCost> of(DevicePrice price, double deviceSeconds) {
    double hours = deviceSeconds / SECONDS_PER_HOUR;
    return price instanceof DevicePrice.PerHour known
        ? Optional.of(new DeviceCost(hours, known.price(), hours * known.price()))
        : Optional.empty();
  }

  /** As {@code run.json} tells it. */
  Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("device_hours", deviceHours);
    facts.put("price_per_device_hour", pricePerDeviceHour);
    facts.put("total", total);
    return facts;
  }
}
