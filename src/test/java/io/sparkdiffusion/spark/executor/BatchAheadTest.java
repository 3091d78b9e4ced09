package io.sparkdiffusion.spark.executor;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.OutputFormat;
import io.sparkdiffusion.config.Precision;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.spark.output.ImageStore;
import io.sparkdiffusion.spark.output.OutputHold;
import io.sparkdiffusion.spark.plan.BatchSizes;
import io.sparkdiffusion.spark.table.RequestColumns;
import io.sparkdiffusion.spark.table.ResultColumns;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.Requests;
import io.sparkdiffusion.testing.WatchedModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A task that makes batches of two ahead, as on a GPU. */
class BatchAheadTest {

  private static final int PATIENCE_SECONDS = 20;
  private static final List<String> EVENTS = new CopyOnWriteArrayList<>();

  /** Sees each row as it leaves the task. */
  private static volatile Consumer<String> taken = id -> {};

  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  @BeforeEach
  void workAhead() {
    System.setProperty(BatchAhead.PROPERTY, "on");
    EVENTS.clear();
    taken = id -> {};
  }

  @AfterEach
  void asUsual() {
    System.clearProperty(BatchAhead.PROPERTY);
    spark.sparkContext().clearJobGroup();
  }

  @Test
  void isTakenOnGpus() {
    System.clearProperty(BatchAhead.PROPERTY);
    assertThat(BatchAhead.isTaken("cuda:1")).isTrue();
    assertThat(BatchAhead.isTaken("cpu")).isFalse();
    System.setProperty(BatchAhead.PROPERTY, "off");
    assertThat(BatchAhead.isTaken("cuda:1")).isFalse();
    System.setProperty(BatchAhead.PROPERTY, "maybe");
    assertThatThrownBy(() -> BatchAhead.isTaken("cpu"))
        .hasMessage("Cannot work ahead: sparkdiffusion.ahead must be on or off (maybe)");
  }

  /** Failed rows, two batch keys and batches that are not full among them. */
  @Test
  void givesTheSameRowsInTheSameOrder() {
    List<Row> planned = new ArrayList<>();
    for (int i = 0; i < 11; i++) {
      planned.add(planned("row" + i, i == 4 ? "NAN" : "fox " + i, i % 3 == 0 ? 5 : 8));
      if (i % 4 == 0) {
        planned.add(failed("bad" + i));
      }
    }
    Model model = FakeModel.named("same rows");
    List<Row> ahead = rows(planned, model).collectAsList();
    System.setProperty(BatchAhead.PROPERTY, "off");

    assertThat(ahead).hasSize(14).isEqualTo(rows(planned, model).collectAsList());
  }

  /** Each waits for the other, which only two threads can. */
  @Test
  void makesABatchWhileTheRowsOfTheLastOneAreTaken() {
    CountDownLatch second = new CountDownLatch(1);
    CountDownLatch row = new CountDownLatch(1);
    Consumer<List<String>> watcher =
        ids -> {
          EVENTS.add("making " + ids);
          if (ids.contains("row2")) {
            second.countDown();
            await(row);
          }
        };
    taken =
        id -> {
          if (id.equals("row0")) {
            await(second);
            row.countDown();
          }
        };
    assertThat(rows(planned(4), WatchedModel.named("meanwhile", watcher)).collectAsList())
        .hasSize(4);
    assertThat(EVENTS)
        .containsExactly(
            "making [row0, row1]",
            "making [row2, row3]",
            "taken row0",
            "taken row1",
            "taken row2",
            "taken row3");
  }

  @Test
  void isOneBatchAheadAtMost() {
    taken =
        id -> {
          int row = Integer.parseInt(id.substring("row".length()));
          for (int i = 0; i < 100 * PATIENCE_SECONDS && made() < Math.min(4, row / 2 + 2); i++) {
            sleep(10);
          }
          sleep(30); // time enough for one more, would it begin
          EVENTS.add("%s batches for row %s".formatted(made(), row));
        };
    Consumer<List<String>> watcher = ids -> EVENTS.add("making " + ids);
    rows(planned(8), WatchedModel.named("bound", watcher)).collectAsList();
    assertThat(EVENTS)
        .filteredOn(event -> event.contains("batches"))
        .containsExactly(
            "2 batches for row 0",
            "2 batches for row 1",
            "3 batches for row 2",
            "3 batches for row 3",
            "4 batches for row 4",
            "4 batches for row 5",
            "4 batches for row 6",
            "4 batches for row 7");
  }

  private static long made() {
    return EVENTS.stream().filter(event -> event.startsWith("making")).count();
  }

  @Test
  void failsWhenTheTurnOfTheFailedBatchComes() {
    CountDownLatch second = new CountDownLatch(1);
    taken = id -> await(second);
    Consumer<List<String>> watcher =
        ids -> {
          if (ids.contains("row2")) {
            second.countDown();
          }
        };
    List<Row> planned = planned(2);
    planned.add(planned("row2", "BOOM", 5));
    planned.add(planned("row3", "fox", 5));
    assertThatThrownBy(() -> rows(planned, WatchedModel.named("boom", watcher)).collectAsList())
        .satisfies(e -> assertThat(Failures.reason(e)).contains("the device is gone"));
    assertThat(EVENTS).containsExactly("taken row0", "taken row1");
    assertThat(threads()).isEmpty();
  }

  /** The task waits for its second batch, or takes rows of the first, which goes on. */
  @Test
  void isCancelledWithItsTask() throws Exception {
    for (String stopped : List.of("waits", "takes rows")) {
      EVENTS.clear();
      CountDownLatch second = new CountDownLatch(1);
      taken =
          id -> {
            if (stopped.equals("takes rows")) {
              awaitKilled(TaskContext.get());
            }
          };
      Model model = WatchedModel.named(stopped, ids -> blockSecond(ids, second));
      ExecutorService driver = Executors.newSingleThreadExecutor();
      try {
        Future<?> job =
            driver.submit(
                () -> {
                  spark.sparkContext().setJobGroup("ahead", "cancelled", true);
                  return rows(planned(6), model).collectAsList();
                });
        await(second);
        spark.sparkContext().cancelJobGroup("ahead");
        assertThatThrownBy(job::get)
            .isInstanceOf(ExecutionException.class)
            .hasStackTraceContaining("cancelled");
      } finally {
        driver.shutdownNow();
      }
      awaitNoThreads();
      assertThat(EVENTS).contains("the second batch was interrupted").doesNotContain("taken row2");
    }
  }

  /** Spark stops asking as soon as it has what it was asked for. */
  @Test
  void endsWithATaskThatIsNotAskedForAllRows() {
    CountDownLatch second = new CountDownLatch(1);
    Model model = WatchedModel.named("limit", ids -> blockSecond(ids, second));
    taken = id -> await(second);
    assertThat(rows(planned(6), model).limit(1).collectAsList()).hasSize(1);
    awaitNoThreads();
    assertThat(EVENTS).contains("the second batch was interrupted");
  }

  private static void blockSecond(List<String> ids, CountDownLatch second) {
    if (ids.contains("row2")) {
      second.countDown();
      untilInterrupted();
      EVENTS.add("the second batch was interrupted");
      throw new IllegalStateException("interrupted");
    }
  }

  private static void untilInterrupted() {
    try {
      Thread.sleep(1000L * PATIENCE_SECONDS);
      throw new AssertionError("nobody interrupted");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Spark marks a task and interrupts its thread, of which code in between may know no more. */
  private static void awaitKilled(TaskContext task) {
    for (int i = 0; i < 100 * PATIENCE_SECONDS && !task.isInterrupted(); i++) {
      LockSupport.parkNanos(10_000_000);
    }
    assertThat(task.isInterrupted()).isTrue();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(PATIENCE_SECONDS, SECONDS)).as("the other has come so far").isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void sleep(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Spark says that a job is over before its tasks are. */
  private static void awaitNoThreads() {
    for (int i = 0; i < 100 * PATIENCE_SECONDS && !threads().isEmpty(); i++) {
      sleep(10);
    }
    assertThat(threads()).isEmpty();
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("spark-diffusion-ahead-"))
        .toList();
  }

  private Dataset<Row> rows(List<Row> planned, Model model) {
    ExecutionConfig execution = new ExecutionConfig("cpu", Precision.FLOAT32, 2);
    ImageStore store =
        new ImageStore(
            folder.toString(),
            folder.resolve("staging").toString(),
            OutputFormat.PARQUET,
            ImageStore.Naming.BY_REQUEST,
            true,
            true,
            OutputHold.UNSHARED);
    GenerateImages function =
        new GenerateImages(
            new GenerationRun("run", model, execution, store),
            BatchSizes.of(execution.perDeviceBatchSize()),
            GenerationCounters.register(spark.sparkContext()),
            new SerializableConfiguration(new Configuration()));
    return spark
        .createDataFrame(planned, RequestColumns.SCHEMA)
        .coalesce(1)
        .mapPartitions(new Taken(function), Encoders.row(ResultColumns.SCHEMA));
  }

  /** Shows each row that is taken from a function. */
  private record Taken(GenerateImages function) implements MapPartitionsFunction<Row, Row> {

    @Override
    public Iterator<Row> call(Iterator<Row> planned) {
      Iterator<Row> rows = function.call(planned);
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return rows.hasNext();
        }

        @Override
        public Row next() {
          Row row = rows.next();
          taken.accept(row.getString(0));
          EVENTS.add("taken " + row.getString(0));
          return row;
        }
      };
    }
  }

  private static List<Row> planned(int count) {
    List<Row> planned = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      planned.add(planned("row" + i, "fox " + i, 5));
    }
    return planned;
  }

  private static Row failed(String id) {
    return RequestColumns.failed(id, "fox", "Cannot use seed: no (x)", List.of());
  }

  private static Row planned(String id, String prompt, int steps) {
    return RequestColumns.of(
        Requests.of(
            id,
            0,
            prompt,
            "",
            Parameters.SEED.of(1L),
            Parameters.NUM_INFERENCE_STEPS.of(steps),
            Parameters.HEIGHT.of(8),
            Parameters.WIDTH.of(16)),
        "hash of " + id,
        List.of());
  }
}
