// For tools/release/check, in spark-shell.
import io.sparkdiffusion.spark.ml.TextToImage

val prompts = spark.read.option("header", true).csv("configs/tiny_prompts.csv").limit(2)
val generator = new TextToImage().setModelUrl("models/tiny-sd2-base").setHeight(128).setWidth(128).setNumInferenceSteps(sys.env("STEPS").toInt)
generator.transform(prompts).write.mode("overwrite").parquet("output/shell")
println("drawn by spark-shell of Spark " + spark.version)
System.exit(0)
