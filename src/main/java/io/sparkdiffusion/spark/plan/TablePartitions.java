package io.sparkdiffusion.spark.plan;

import io.sparkdiffusion.spark.table.BothSparks;
import java.io.Serializable;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.spark.Partition;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.PartitionCoalescer;
import org.apache.spark.rdd.PartitionGroup;
import org.apache.spark.sql.Row;
import scala.Option;

/**
 * For each planned partition the partitions of the table that hold its images' files. The task that
 * makes the images reads those itself, so that no file passes through a shuffle or the driver.
 */
public final class TablePartitions {

  private final List<SortedSet<Integer>> byPlanned = new ArrayList<>();

  TablePartitions(int planned) {
    for (int i = 0; i < planned; i++) {
      byPlanned.add(new TreeSet<>());
    }
  }

  /** Some of the table's partitions, each read by a task of its own. */
  public static TablePartitions each(SortedSet<Integer> wanted) {
    TablePartitions partitions = new TablePartitions(wanted.size());
    int task = 0;
    for (int ofTable : wanted) {
      partitions.add(task++, ofTable);
    }
    return partitions;
  }

  /** The table's partitions by the planned one's number. */
  List<SortedSet<Integer>> byPlanned() {
    return byPlanned;
  }

  void add(int planned, int ofTable) {
    byPlanned.get(planned).add(ofTable);
  }

  /** The table's rows as each planned partition needs them; some are read several times. */
  public JavaRDD<Row> of(JavaRDD<Row> table) {
    PartitionGroup[] groups = groups(table.rdd().partitions());
    PartitionCoalescer chosen = BothSparks.marked(PartitionCoalescer.class, new Chosen(groups));
    return table.rdd().coalesce(groups.length, false, Option.apply(chosen), null).toJavaRDD();
  }

  private PartitionGroup[] groups(Partition[] all) {
    return byPlanned.stream().map(wanted -> group(wanted, all)).toArray(PartitionGroup[]::new);
  }

  /** Answers the one question that there is, on the driver. */
  private static final class Chosen implements InvocationHandler, Serializable {

    private static final long serialVersionUID = 1L;

    private final transient PartitionGroup[] groups;

    Chosen(PartitionGroup[] groups) {
      this.groups = groups;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) {
      return switch (method.getName()) {
        case "coalesce" -> groups;
        case "hashCode" -> System.identityHashCode(proxy);
        case "equals" -> proxy == arguments[0];
        default -> "partitions of the table";
      };
    }
  }

  /** Of those that are still there: a table may have changed since, which its rows then say. */
  private static PartitionGroup group(SortedSet<Integer> wanted, Partition[] all) {
    PartitionGroup group = new PartitionGroup(Option.empty());
    wanted.stream()
        .filter(partition -> partition < all.length)
        .forEach(partition -> group.partitions().$plus$eq(all[partition]));
    return group;
  }
}
