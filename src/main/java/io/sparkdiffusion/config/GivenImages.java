package io.sparkdiffusion.config;

import io.sparkdiffusion.request.ControlPreprocessor;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.RowRequests;
import io.sparkdiffusion.request.Values;
import java.util.List;

/** What a job gives its rows, images above all, beside what it does with them. */
record GivenImages(ControlNetFolders controlNets, Values sampling, Problems problems) {

  /** An image that the job gives must have a ControlNet that looks at it, and so must its edges. */
  void requireLookedAt() {
    int there = controlNets.all().size();
    List<InputImage> places = InputImage.OF_CONTROL_NETS;
    for (InputImage input : places.subList(there, ControlNetFolders.MOST)) {
      problems.require(
          !isGiven(input),
          input.path().name(),
          "controlnets must name what looks at it, at place " + (places.indexOf(input) + 1),
          there == 0 ? "none" : there);
    }
    if (there > 0) {
      ControlPreprocessor.problem(sampling.get(Parameters.CONTROL_PREPROCESSOR), there)
          .ifPresent(problems::add);
    }
  }

  /** What would fail a table's row is wrong with the settings where they are all that there is. */
  void requireForOneRow(String prompt) {
    Values row = Values.of(Parameters.PROMPT.of(prompt), Parameters.ID.of("1"));
    if (RowRequests.of(row, sampling) instanceof RowRequests.Invalid invalid) {
      invalid.reasons().forEach(problems::add);
    }
    for (InputImage input : InputImage.OF_CONTROL_NETS.subList(0, controlNets.all().size())) {
      problems.require(
          isGiven(input), input.path().name(), "controlnets look at it, name a file", "none");
    }
  }

  private boolean isGiven(InputImage input) {
    return !sampling.get(input.path()).isEmpty();
  }
}
