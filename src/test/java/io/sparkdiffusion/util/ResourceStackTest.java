package io.sparkdiffusion.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResourceStackTest {

  private final List<String> closed = new ArrayList<>();
  private final ResourceStack stack = new ResourceStack();

  @Test
  void closesInReverseOrderAndOnce() {
    AutoCloseable first = () -> closed.add("first");
    assertThat(stack.push(first)).isSameAs(first);
    stack.push(() -> closed.add("second"));
    stack.push(() -> closed.add("third"));

    stack.close();
    stack.close();

    assertThat(closed).containsExactly("third", "second", "first");
  }

  @Test
  void goesOnAfterFailuresAndKeepsThemAll() {
    IOException late = new IOException("late");
    IllegalStateException later = new IllegalStateException("later");
    stack.push(() -> closed.add("first"));
    stack.push(
        () -> {
          throw later;
        });
    stack.push(() -> closed.add("third"));
    stack.push(
        () -> {
          throw late;
        });

    assertThatThrownBy(stack::close)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Cannot close a resource: late")
        .hasCause(late)
        .hasSuppressedException(later);
    assertThat(closed).containsExactly("third", "first");
    stack.close();
  }
}
