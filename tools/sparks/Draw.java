import io.sparkdiffusion.spark.ml.TextToImage;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Draws two prompts of configs/tiny.yml in STEPS steps, by the transformer and by SQL; prints the way, id and SHA-256 of each. */
public class Draw {
  public static void main(String[] arguments) {
    SparkSession spark = SparkSession.builder().appName("draw").getOrCreate();
    Dataset<Row> prompts = spark.read().option("header", true).csv("configs/tiny_prompts.csv").limit(2);
    TextToImage generator =
        new TextToImage().setModelUrl("models/tiny-sd2-base").setHeight(128).setWidth(128).setNumInferenceSteps(Integer.parseInt(arguments[0]));
    print("transformer", generator.transform(prompts));

    prompts.createOrReplaceTempView("prompts");
    String parameters = "'modelUrl', 'models/tiny-sd2-base', 'height', '128', 'width', '128', 'num_inference_steps', '" + arguments[0] + "'";
    print("function", spark.sql("SELECT * FROM text_to_image(TABLE(prompts), map(" + parameters + "))"));
    spark.stop();
  }

  private static void print(String way, Dataset<Row> images) {
    for (Row row : images.selectExpr("id", "sha2(image.bytes, 256)").collectAsList()) {
      System.out.println(way + " " + row.getString(0) + " " + row.getString(1));
    }
  }
}
