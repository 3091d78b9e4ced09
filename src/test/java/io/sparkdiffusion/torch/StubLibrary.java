package io.sparkdiffusion.torch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a shared library for Linux on x86-64 whose functions give constants: what a test says in
 * place of NVIDIA's libraries. Tests need only a JDK, so no compiler makes it; a compiled file
 * beside its source would hide the values that each test sets here, and nobody could review it.
 *
 * <p>The file has what the loader asks for (System V ABI, chapters 4 and 5) and no section: a
 * segment of headers, symbols and code, and one of the dynamic table, which the loader writes to.
 */
public final class StubLibrary {

  private static final int PAGE = 4096;
  private static final int HEADER_BYTES = 64;
  private static final int SEGMENT_BYTES = 56;
  private static final int SYMBOL_BYTES = 24;

  private record Function(String name, byte[] code) {}

  private final String soname;
  private final List<Function> functions = new ArrayList<>();

  public StubLibrary(String soname) {
    this.soname = soname;
  }

  /** {@code int name(...) { return value; }}. */
  public StubLibrary returns(String name, int value) {
    return add(name, code(6).put(bytes(0xB8)).putInt(value).put(bytes(0xC3)));
  }

  /** {@code int name(void *out) { memcpy(out, data, sizeof data); return 0; }}. */
  public StubLibrary writes(String name, byte[] data) {
    ByteBuffer code = code(17 + data.length);
    code.put(bytes(0x48, 0x8D, 0x35)).putInt(10); // lea rsi, [data]
    code.put(bytes(0xB9)).putInt(data.length); // mov ecx, length
    code.put(bytes(0xF3, 0xA4, 0x31, 0xC0, 0xC3)); // rep movsb; xor eax, eax; ret
    return add(name, code.put(data));
  }

  /** {@code int name(int *out) { *out = value; return 0; }}. */
  public StubLibrary writes(String name, int value) {
    return writes(name, contents(code(4).putInt(value)));
  }

  /** {@code int name(int *out, int i) { *out = values[i - first]; return 0; }}. */
  public StubLibrary writesAt(String name, int first, int... values) {
    ByteBuffer code = code(22 + 4 * values.length);
    code.put(bytes(0x48, 0x8D, 0x05)).putInt(15); // lea rax, [values]
    code.put(bytes(0x48, 0x63, 0xF6)); // movsxd rsi, esi
    code.put(bytes(0x8B, 0x84, 0xB0)).putInt(-4 * first); // mov eax, [rax + 4 rsi - 4 first]
    code.put(bytes(0x89, 0x07, 0x31, 0xC0, 0xC3)); // mov [rdi], eax; xor eax, eax; ret
    for (int value : values) {
      code.putInt(value);
    }
    return add(name, code);
  }

  /** {@code int name(int i, const char **out) { *out = text; return 0; }}. */
  public StubLibrary pointsTo(String name, String text) {
    byte[] data = (text + "\0").getBytes(StandardCharsets.UTF_8);
    ByteBuffer code = code(13 + data.length);
    code.put(bytes(0x48, 0x8D, 0x05)).putInt(6); // lea rax, [text]
    code.put(bytes(0x48, 0x89, 0x06, 0x31, 0xC0, 0xC3)); // mov [rsi], rax; xor eax, eax; ret
    return add(name, code.put(data));
  }

  /** {@code const char *name(...) { return text; }}. */
  public StubLibrary returns(String name, String text) {
    byte[] data = (text + "\0").getBytes(StandardCharsets.UTF_8);
    ByteBuffer code = code(8 + data.length);
    code.put(bytes(0x48, 0x8D, 0x05)).putInt(1).put(bytes(0xC3)); // lea rax, [text]; ret
    return add(name, code.put(data));
  }

  private StubLibrary add(String name, ByteBuffer code) {
    functions.add(new Function(name, contents(code)));
    return this;
  }

  private static ByteBuffer code(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static byte[] contents(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.capacity()];
    buffer.get(0, bytes);
    return bytes;
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  /** Writes the library into a folder under its own name. */
  public Path in(Path folder) {
    try {
      return Files.write(Files.createDirectories(folder).resolve(soname), elf());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] elf() throws IOException {
    int symbols = HEADER_BYTES + 4 * SEGMENT_BYTES;
    int hash = symbols + (functions.size() + 1) * SYMBOL_BYTES;
    int names = hash + 4 * (2 + 1 + functions.size() + 1);
    ByteArrayOutputStream strings = new ByteArrayOutputStream();
    strings.write(0);
    int sonameAt = name(strings, soname);
    ByteBuffer table = code((functions.size() + 1) * SYMBOL_BYTES).position(SYMBOL_BYTES);
    ByteArrayOutputStream code = new ByteArrayOutputStream();
    int codeAt = names + stringBytes();
    for (Function function : functions) {
      table.putInt(name(strings, function.name())).putInt(0x12 | 1 << 16); // a global function
      table.putLong(codeAt + code.size()).putLong(function.code().length);
      code.write(function.code());
    }
    int dynamic = (codeAt + code.size() + PAGE - 1) / PAGE * PAGE;
    ByteBuffer file = code(dynamic + 6 * 16);
    file.put(header()).put(segments(codeAt + code.size(), dynamic)).put(contents(table));
    file.put(oneBucket()).put(strings.toByteArray()).put(code.toByteArray()).position(dynamic);
    long[] entries = {14, sonameAt, 4, hash, 5, names, 6, symbols, 10, strings.size(), 0, 0};
    for (long entry : entries) { // DT_SONAME, HASH, STRTAB, SYMTAB, STRSZ, NULL
      file.putLong(entry);
    }
    return contents(file);
  }

  private static int name(ByteArrayOutputStream strings, String name) throws IOException {
    int at = strings.size();
    strings.write((name + "\0").getBytes(StandardCharsets.US_ASCII));
    return at;
  }

  private int stringBytes() {
    return 1 + soname.length() + 1 + functions.stream().mapToInt(f -> f.name().length() + 1).sum();
  }

  private static byte[] header() {
    ByteBuffer header = code(HEADER_BYTES).put(bytes(0x7F, 'E', 'L', 'F', 2, 1, 1)).position(16);
    header.putShort((short) 3).putShort((short) 62).putInt(1); // a shared object for x86-64
    header.putLong(0).putLong(HEADER_BYTES).putLong(0).putInt(0);
    header.putShort((short) HEADER_BYTES).putShort((short) SEGMENT_BYTES).putShort((short) 4);
    return contents(header);
  }

  private static byte[] segments(int codeEnd, int dynamic) {
    ByteBuffer segments = code(4 * SEGMENT_BYTES);
    segment(segments, 1, 5, 0, codeEnd, PAGE); // PT_LOAD, readable and executable
    segment(segments, 1, 6, dynamic, 6 * 16, PAGE); // PT_LOAD, readable and writable
    segment(segments, 2, 6, dynamic, 6 * 16, 8); // PT_DYNAMIC
    segment(segments, 0x6474E551, 6, 0, 0, 16); // PT_GNU_STACK: not executable
    return contents(segments);
  }

  private static void segment(
      ByteBuffer to, int type, int flags, int offset, int length, int alignment) {
    to.putInt(type).putInt(flags).putLong(offset).putLong(offset).putLong(offset);
    to.putLong(length).putLong(length).putLong(alignment);
  }

  /** A hash table of one bucket, in which every symbol is found in its turn. */
  private byte[] oneBucket() {
    ByteBuffer hash = code(4 * (2 + 1 + functions.size() + 1));
    hash.putInt(1).putInt(functions.size() + 1).putInt(functions.isEmpty() ? 0 : 1).putInt(0);
    for (int i = 1; i < functions.size(); i++) {
      hash.putInt(i + 1);
    }
    return contents(hash);
  }
}
