package io.sparkdiffusion.spark.plan;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.summingDouble;

import io.sparkdiffusion.config.BatchSize;
import io.sparkdiffusion.spark.table.RequestColumns;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.PairFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import scala.Tuple2;

/**
 * Which partition an image goes to. Every partition holds a few whole batches of one batch key, so
 * that only the last batch of each key is padded. Images with the same LoRAs come together, so that
 * each executor loads a model once for them. The most expensive come first (steps times pixels),
 * and partitions become smaller towards the end, so that a slow task slot ends soon after the
 * others (guided self-scheduling, Polychronopoulos and Kuck 1987). A single slot waits for no
 * other: its partitions are as large as can be, for then nothing begins anew.
 */
public final class BatchPlan {

  /** Partitions for each task slot: enough to even out, few enough to keep files large. */
  private static final int PARTITIONS_PER_SLOT = 8;

  /** The same for what is left of the work when a partition begins: rules the second half. */
  private static final int REMAINING_PARTITIONS_PER_SLOT = 4;

  /**
   * Partitions of a group for each task slot: while a slot that is three times slower ends the last
   * one that it took of a group, the others are busy with the next group.
   */
  private static final int ROUNDS_IN_GROUP = 3;

  private static final int MOST_BATCHES = 16;
  private static final int FAILURES_PER_PARTITION = 10_000;

  private final Sizes sizes;
  private final Map<String, Share> shares = new HashMap<>();
  private final Map<String, Integer> batches = new HashMap<>();
  private final Map<String, Long> byLoras = new LinkedHashMap<>();
  private final List<Partition> partitions = new ArrayList<>();
  private final double totalCost;
  private double remainingCost;
  private long images;

  private BatchPlan(List<Demand> demands, Sizes sizes) {
    this.sizes = sizes;
    this.totalCost = demands.stream().mapToDouble(Demand::total).sum();
    this.remainingCost = totalCost;
    demands.stream().sorted(order(demands)).forEach(this::add);
  }

  /** Whole sets of LoRAs, the dearest first, and in each the dearest images; failures last. */
  private static Comparator<Demand> order(List<Demand> demands) {
    Map<String, Double> ofLoras =
        demands.stream().collect(groupingBy(Demand::loras, summingDouble(Demand::total)));
    Comparator<Demand> dearestSetFirst =
        Comparator.<Demand>comparingDouble(demand -> ofLoras.get(demand.loras())).reversed();
    return Comparator.comparing(Demand::isOfFailures)
        .thenComparing(dearestSetFirst)
        .thenComparing(Demand::loras)
        .thenComparing(Comparator.comparingDouble(Demand::cost).reversed())
        .thenComparing(demand -> String.valueOf(demand.batchKey()));
  }

  /**
   * What a plan goes by.
   *
   * @param batch images in a batch
   * @param slots how many tasks run at once
   * @param group images that are committed together, at least
   */
  public record Sizes(BatchSize batch, int slots, int group) {

    /** Batches of a number that was given. */
    public Sizes(int batch, int slots, int group) {
      this(new BatchSize.Fixed(batch), slots, group);
    }

    private boolean evensOut() {
      return slots > 1;
    }

    int partitionsInGroup() {
      return evensOut() ? ROUNDS_IN_GROUP * slots : 1;
    }

    private int mostBatches(int of) {
      long batches = group / ((long) of * partitionsInGroup());
      return (int) Math.max(1, Math.min(MOST_BATCHES, batches));
    }
  }

  /**
   * Images that may share a batch; no key stands for planned failures, which cost nothing.
   *
   * @param cost of one image, in steps times pixels
   * @param loras what is added to the model for them
   */
  public record Demand(String batchKey, long images, double cost, String loras)
      implements Serializable {

    /** Images of the model as it is. */
    public Demand(String batchKey, long images, double cost) {
      this(batchKey, images, cost, "");
    }

    Demand plus(long more) {
      return new Demand(batchKey, images + more, cost, loras);
    }

    boolean isOfFailures() {
      return batchKey == null;
    }

    double total() {
      return images * cost;
    }
  }

  /**
   * A partition.
   *
   * @param cost of all its images, in steps times pixels
   */
  public record Partition(int images, double cost) {}

  /**
   * The partitions of one batch key.
   *
   * @param begins the number of each partition's first image among the key's
   */
  private record Share(int firstPartition, long[] begins) implements Serializable {

    int partition(long number) {
      int found = Arrays.binarySearch(begins, number);
      return firstPartition + (found >= 0 ? found : -found - 2);
    }
  }

  /** Plans. */
  public static BatchPlan of(List<Demand> demands, Sizes sizes) {
    return new BatchPlan(demands, sizes);
  }

  private void add(Demand demand) {
    int firstPartition = partitions.size();
    int batch = BatchSizes.of(sizes.batch(), demand.images(), sizes.slots());
    batches.put(demand.batchKey(), batch);
    List<Long> begins = new ArrayList<>();
    for (long begin = 0; begin < demand.images(); ) {
      int size = (int) Math.min(demand.images() - begin, imagesOfNext(demand, batch));
      begins.add(begin);
      partitions.add(new Partition(size, size * demand.cost()));
      remainingCost -= size * demand.cost();
      begin += size;
    }
    long[] all = begins.stream().mapToLong(Long::longValue).toArray();
    shares.put(demand.batchKey(), new Share(firstPartition, all));
    if (!demand.isOfFailures()) {
      images += demand.images();
      byLoras.merge(demand.loras(), demand.images(), Long::sum);
    }
  }

  private long imagesOfNext(Demand demand, int batch) {
    if (demand.isOfFailures()) {
      return FAILURES_PER_PARTITION;
    }
    double most = sizes.mostBatches(batch);
    if (sizes.evensOut()) {
      most = Math.min(most, Math.floor(costOfNext() / (demand.cost() * batch)));
    }
    return batch * (long) Math.max(1, most);
  }

  private double costOfNext() {
    return Math.min(
        totalCost / ((double) sizes.slots() * PARTITIONS_PER_SLOT),
        remainingCost / ((double) sizes.slots() * REMAINING_PARTITIONS_PER_SLOT));
  }

  /** All partitions, in the order in which they are worked off. */
  public List<Partition> partitions() {
    return Collections.unmodifiableList(partitions);
  }

  /**
   * Neighbouring partitions that are worked off and committed together.
   *
   * @param number from 0
   * @param end the partition after the last one
   */
  public record Group(int number, int first, int end) implements Serializable {

    public boolean contains(int partition) {
      return first <= partition && partition < end;
    }
  }

  /** All partitions in groups; each but the last has work for all slots. */
  public List<Group> groups() {
    List<Group> groups = new ArrayList<>();
    int first = 0;
    long inGroup = 0;
    for (int partition = 0; partition < partitions.size(); partition++) {
      inGroup += partitions.get(partition).images();
      int end = partition + 1;
      boolean isFull = inGroup >= sizes.group() && end - first >= sizes.partitionsInGroup();
      if (isFull || end == partitions.size()) {
        groups.add(new Group(groups.size(), first, end));
        first = end;
        inGroup = 0;
      }
    }
    return groups;
  }

  /** How many images are made with each set of LoRAs, in the order in which they are made. */
  public Map<String, Long> imagesByLoras() {
    return Collections.unmodifiableMap(byLoras);
  }

  /** How many images of each batch key are made together. */
  public BatchSizes batchSizes() {
    return new BatchSizes(sizes.batch(), batches);
  }

  /** The images to make, planned failures not counted. */
  public long images() {
    return images;
  }

  /**
   * The partition of an image.
   *
   * @param number of the image among those of its batch key
   */
  int partition(String batchKey, long number) {
    return shares.get(batchKey).partition(number);
  }

  /**
   * Moves every planned image to its partition.
   *
   * @param numbers of these images
   */
  JavaRDD<Row> arrange(Dataset<Row> planned, ImageNumbers numbers) {
    return ImageNumbers.numbered(planned)
        .toJavaRDD()
        .mapToPair(new ToPartition(numbers, shares))
        .partitionBy(new ByNumber(partitions.size()))
        .values();
  }

  private static final class ToPartition implements PairFunction<Row, Integer, Row> {

    private static final long serialVersionUID = 1L;

    private final ImageNumbers numbers;
    private final Map<String, Share> shares;

    ToPartition(ImageNumbers numbers, Map<String, Share> shares) {
      this.numbers = numbers;
      this.shares = shares;
    }

    @Override
    public Tuple2<Integer, Row> call(Row numbered) {
      Share share = shares.get(numbered.getString(RequestColumns.BATCH_KEY));
      return new Tuple2<>(
          share.partition(numbers.number(numbered)), ImageNumbers.planned(numbered));
    }
  }

  /** The key is the partition. */
  private static final class ByNumber extends Partitioner {

    private static final long serialVersionUID = 1L;

    private final int partitions;

    ByNumber(int partitions) {
      this.partitions = partitions;
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object key) {
      return (Integer) key;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof ByNumber that && that.partitions == partitions;
    }

    @Override
    public int hashCode() {
      return partitions;
    }
  }
}
