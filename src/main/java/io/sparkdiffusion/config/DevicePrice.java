package io.sparkdiffusion.config;

import java.io.Serializable;

/** What a device costs. It is told in reports and never part of a request. */
public sealed interface DevicePrice extends Serializable {

  /** Reports tell no cost. */
  record Unknown() implements DevicePrice {
    @Override
    public String toString() {
      return "";
    }
  }

  /**
   * A price in any currency.
   *
   * @param price of one device for one hour
   */
  record PerHour(double price) implements DevicePrice {
    /** Checks the value. */
    public PerHour {
      Problems problems = new Problems();
      problems.require(
          price >= 0 && Double.isFinite(price),
          "price_per_device_hour",
          "it must be finite and 0 or more",
          price);
      problems.throwIfAny();
    }

    @Override
    public String toString() {
      return Double.toString(price);
    }
  }
}
