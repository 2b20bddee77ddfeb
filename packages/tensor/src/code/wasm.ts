/** Renders code as a WebAssembly module. */
import type { CodeModule, FunctionBuilder } from "./module.ts";
import {
  laneOperations,
  memoryLaneOperations,
  memoryOperations,
  operations,
  partStores,
  type ValueType,
} from "./operations.ts";
import type { Code, Node } from "./tree.ts";

const typeBytes: { readonly [T in ValueType]: number } = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, vector: 0x7b };
const empty = 0x40;
const scratch = new DataView(new ArrayBuffer(8));

/** Bytes that grow. */
class Bytes {
  private bytes = new Uint8Array(1024);
  length = 0;

  byte(value: number): void {
    if (this.length === this.bytes.length) this.reserve(1);
    this.bytes[this.length++] = value;
  }

  private reserve(count: number): void {
    const grown = new Uint8Array(Math.max(2 * this.bytes.length, this.length + count));
    grown.set(this.bytes);
    this.bytes = grown;
  }

  append(other: Bytes): void {
    if (this.length + other.length > this.bytes.length) this.reserve(other.length);
    this.bytes.set(other.bytes.subarray(0, other.length), this.length);
    this.length += other.length;
  }

  /** An unsigned LEB128 number. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.byte(rest & 0x7f | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** A signed LEB128 number of 32 bits. */
  signed(value: number): void {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.byte(rest & 0x7f | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  /** A signed LEB128 number of 64 bits. */
  signed64(value: bigint): void {
    let rest = value;
    while (rest < -64n || rest > 63n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest & 0x7fn));
  }

  opcode(code: number): void {
    if (code < 0x100) return this.byte(code);
    this.byte(code >>> 16);
    this.unsigned(code & 0xffff);
  }

  word(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte(value >>> shift & 0xff);
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.unsigned(bytes.length);
    for (const byte of bytes) this.byte(byte);
  }

  finished(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }
}

function isList(code: Code): code is readonly Code[] {
  return Array.isArray(code);
}

function render(code: Code, into: Bytes): void {
  if (isList(code)) { for (const item of code) render(item, into); }
  else renderNode(code, into);
}

function renderNode(node: Node, into: Bytes): void {
  switch (node.kind) {
    case "op":
      render(node.args, into);
      return into.opcode(operations[node.name]);
    case "lane":
      render(node.args, into);
      into.opcode(laneOperations[node.name]);
      return into.byte(node.lane);
    case "memory": {
      render(node.args, into);
      const part = partStores[node.name as keyof typeof partStores];
      into.opcode(part ?? memoryOperations[node.name as keyof typeof memoryOperations]);
      // Alignment is a hint that engines ignore. 0 makes no promise.
      into.byte(0);
      into.unsigned(node.offset);
      if (part !== undefined) into.byte(0);
      return;
    }
    case "memoryLane":
      render(node.args, into);
      into.opcode(memoryLaneOperations[node.name]);
      into.byte(0);
      into.unsigned(node.offset);
      return into.byte(node.lane);
    case "wide":
      throw new Error(`code: WebAssembly has no ${node.name}; it is for functions with wider vectors`);
    case "i32":
      into.byte(0x41);
      return into.signed(node.value);
    case "i64":
      into.byte(0x42);
      return into.signed64(node.value);
    case "f32":
      into.byte(0x43);
      scratch.setFloat32(0, node.value, true);
      return into.word(scratch.getInt32(0, true));
    case "f64":
      into.byte(0x44);
      scratch.setFloat64(0, node.value, true);
      into.word(scratch.getInt32(0, true));
      return into.word(scratch.getInt32(4, true));
    case "splat":
      into.opcode(0xfd000c);
      for (const word of [node.low, node.high, node.low, node.high]) into.word(word);
      return;
    case "lanes":
      if (node.words.length !== 4) throw new Error(`code: a vector constant of ${node.words.length} words; expected 4`);
      into.opcode(0xfd000c);
      for (const word of node.words) into.word(word);
      return;
    case "shuffle":
      render(node.args, into);
      into.opcode(0xfd000d);
      for (const byte of node.bytes) into.byte(byte);
      return;
    case "get":
      into.byte(0x20);
      return into.unsigned(node.local.index);
    case "set":
    case "tee":
      render(node.value, into);
      into.byte(node.kind === "set" ? 0x21 : 0x22);
      return into.unsigned(node.local.index);
    case "call":
      render(node.args, into);
      into.byte(0x10);
      return into.unsigned(node.callee.index);
    case "block":
    case "loop":
      into.byte(node.kind === "block" ? 0x02 : 0x03);
      into.byte(empty);
      render(node.body, into);
      return into.byte(0x0b);
    case "branch":
      if (node.condition !== null) render(node.condition, into);
      into.byte(node.condition === null ? 0x0c : 0x0d);
      return into.unsigned(node.depth);
    case "if":
      render(node.condition, into);
      into.byte(0x04);
      into.byte(node.type === null ? empty : typeBytes[node.type]);
      render(node.then, into);
      if (node.otherwise !== null) {
        into.byte(0x05);
        render(node.otherwise, into);
      }
      return into.byte(0x0b);
  }
}

/** A function's body, with its size first. */
function body(built: FunctionBuilder): Bytes {
  const inner = new Bytes();
  inner.unsigned(built.locals.length);
  for (const type of built.locals) {
    inner.byte(1);
    inner.byte(typeBytes[type]);
  }
  render(built.body, inner);
  inner.byte(0x0b);
  const sized = new Bytes();
  sized.unsigned(inner.length);
  sized.append(inner);
  return sized;
}

/** The memory that a module imports as `env.memory`. */
export interface MemoryImport {
  readonly initial: number;
  readonly maximum: number;
  readonly shared: boolean;
}

/** The binary module. */
export function renderWasm(module: CodeModule, memory: MemoryImport): Uint8Array<ArrayBuffer> {
  const into = new Bytes();
  for (const byte of [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]) into.byte(byte);
  const section = (id: number, write: (bytes: Bytes) => void): void => {
    const bytes = new Bytes();
    write(bytes);
    into.byte(id);
    into.unsigned(bytes.length);
    into.append(bytes);
  };
  const signatures = [
    ...module.imports,
    ...module.functions.map(({ params, results }) => ({ params: params.map((p) => p.type), results })),
  ];
  section(1, (bytes) => {
    bytes.unsigned(signatures.length);
    for (const { params, results } of signatures) {
      bytes.byte(0x60);
      for (const list of [params, results]) {
        bytes.unsigned(list.length);
        for (const type of list) bytes.byte(typeBytes[type]);
      }
    }
  });
  section(2, (bytes) => {
    bytes.unsigned(1 + module.imports.length);
    bytes.text("env");
    bytes.text("memory");
    bytes.byte(0x02);
    bytes.byte(memory.shared ? 3 : 1);
    bytes.unsigned(memory.initial);
    bytes.unsigned(memory.maximum);
    module.imports.forEach(({ name }, i) => {
      bytes.text("env");
      bytes.text(name);
      bytes.byte(0x00);
      bytes.unsigned(i);
    });
  });
  section(3, (bytes) => {
    bytes.unsigned(module.functions.length);
    module.functions.forEach((_, i) => bytes.unsigned(module.imports.length + i));
  });
  section(7, (bytes) => {
    bytes.unsigned(module.exports.length);
    for (const { name, index } of module.exports) {
      bytes.text(name);
      bytes.byte(0x00);
      bytes.unsigned(index);
    }
  });
  section(10, (bytes) => {
    bytes.unsigned(module.functions.length);
    for (const built of module.functions) bytes.append(body(built));
  });
  return into.finished();
}
