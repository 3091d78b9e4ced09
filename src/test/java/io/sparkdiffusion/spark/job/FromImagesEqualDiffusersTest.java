package io.sparkdiffusion.spark.job;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From a table that holds images to PNG files, against diffusers' image-to-image pipeline. */
class FromImagesEqualDiffusersTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"base-ddim-strength-0.8-64x64", "base-euler_a-strength-0.8-72x88"})
  void aTablesImagesAreDrawnOverAsDiffusersDoes(String name) throws IOException {
    PipelineCase run =
        PipelineCase.fromImage().stream()
            .filter(one -> one.name().equals(name))
            .findFirst()
            .orElseThrow();
    ImageRequest first = run.requests().get(0);
    int height = first.heightPixels();
    int width = first.widthPixels();
    byte[] inputs =
        ReferenceModels.numbers(run.numbers()).bytes("images/%sx%s".formatted(height, width));
    List<Row> rows = new ArrayList<>();
    for (ImageRequest request : run.requests()) {
      byte[] rgb = ImageJobs.part(inputs, rows.size(), run.requests().size());
      rows.add(ImageJobs.row(request, request.id(), ImageJobs.png(width, height, rgb)));
    }
    ImageJobs jobs = ImageJobs.of(folder, run);
    StructType schema = ImageJobs.ofRequests().add("init_image", DataTypes.BinaryType);
    Path table = jobs.parquet("drawings", 1, schema, rows);

    ImageJobs.assertEqualToDiffusers(
        run, jobs.run("drawn", table, "strength=0.8", "gallery=false"));
  }
}
