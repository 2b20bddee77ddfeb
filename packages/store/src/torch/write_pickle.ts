/** Writes states as pickles that `torch.load` reads, also with `weights_only=True`: they name PyTorch's own functions and Python's types only. */
import { Tensor } from "@heddle/tensor";
import { described, joined, shortened } from "../errors.ts";
import { checkName, isPlainObject, misplaced } from "../state/state.ts";
import { storageNames } from "./dtypes.ts";
import { MOST_DEPTH } from "./tree.ts";

/** The pickle of a state, of protocol 2, and the tensors in the order of their storages' keys: `"0"`, `"1"`, … */
export function pickleState(state: unknown, operation: string): { pickle: Uint8Array<ArrayBuffer>; tensors: Tensor[] } {
  const writer = new PickleWriter(operation);
  writer.ops(0x80, 2); // PROTO
  writer.value(state, "", 0);
  writer.ops(0x2e); // STOP
  return { pickle: writer.bytes(), tensors: writer.tensors };
}

class PickleWriter {
  readonly tensors: Tensor[] = [];
  private readonly operation: string;
  private buffer: Uint8Array<ArrayBuffer> = new Uint8Array(1024);
  private length = 0;

  constructor(operation: string) {
    this.operation = operation;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.buffer.slice(0, this.length);
  }

  ops(...bytes: number[]): void {
    this.raw(Uint8Array.from(bytes));
  }

  value(value: unknown, path: string, depth: number): void {
    if (depth > MOST_DEPTH) {
      throw new TypeError(`${this.operation}: ${shortened(path)} lies in ${depth} others, or contains itself`);
    }
    if (value === null) this.ops(0x4e);
    else if (typeof value === "boolean") this.ops(value ? 0x88 : 0x89);
    else if (typeof value === "number") this.number(value);
    else if (typeof value === "bigint") this.integer(value);
    else if (typeof value === "string") this.text(value);
    else if (value instanceof Tensor) this.tensor(value);
    else if (Array.isArray(value)) this.list(value, path, depth);
    else if (value instanceof Uint8Array) this.data(value);
    else if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
      this.list(Array.from(value as Float64Array), path, depth);
    } else if (value instanceof Set) this.set("set", value, path, depth);
    else if (value instanceof Map) this.map(value, path, depth);
    else if (isPlainObject(value)) this.dict(value, path, depth);
    else throw misplaced(this.operation, path, value);
  }

  private list(items: readonly unknown[], path: string, depth: number): void {
    this.ops(0x5d, 0x28); // EMPTY_LIST MARK
    items.forEach((item, i) => this.value(item, joined(path, `${i}`), depth + 1));
    this.ops(0x65); // APPENDS
  }

  private dict(record: Record<string, unknown>, path: string, depth: number): void {
    const fields = Object.entries(record).filter(([, field]) => field !== undefined);
    // Keys of JavaScript's objects are strings. Those of an optimiser's state are numbers in Python.
    const numbered = fields.length > 0 &&
      fields.every(([key, field]) => /^(0|[1-9]\d{0,14})$/.test(key) && !(field instanceof Tensor));
    this.ops(0x7d, 0x28); // EMPTY_DICT MARK
    for (const [key, field] of fields) {
      checkName(this.operation, key);
      if (numbered) this.number(Number(key));
      else this.text(key);
      this.value(field, joined(path, key), depth + 1);
    }
    this.ops(0x75); // SETITEMS
  }

  private map(map: ReadonlyMap<unknown, unknown>, path: string, depth: number): void {
    this.ops(0x7d, 0x28); // EMPTY_DICT MARK
    for (const [key, value] of map) {
      const within = joined(path, String(key));
      this.hashable(key, within, depth + 1);
      this.value(value, within, depth + 1);
    }
    this.ops(0x75); // SETITEMS
  }

  private set(type: "set" | "frozenset", items: ReadonlySet<unknown>, path: string, depth: number): void {
    this.global("__builtin__", type);
    this.ops(0x5d, 0x28); // EMPTY_LIST MARK
    for (const item of items) this.hashable(item, path, depth + 1);
    this.ops(0x65, 0x85, 0x52); // APPENDS TUPLE1 REDUCE
  }

  /** A key of a dict or an item of a set. Python takes what cannot change, so that arrays become tuples. */
  private hashable(value: unknown, path: string, depth: number): void {
    if (Array.isArray(value)) {
      this.ops(0x28); // MARK
      for (const item of value) this.hashable(item, path, depth + 1);
      this.ops(0x74); // TUPLE
    } else if (value instanceof Set) this.set("frozenset", value, path, depth);
    else if (value instanceof Uint8Array || typeof value !== "object" || value === null) this.value(value, path, depth);
    else {
      throw new TypeError(
        `${this.operation}: ${shortened(path)} has ${
          described(value)
        } as a key or an item of a Set; PyTorch's files have strings, numbers, and arrays and Sets of them there`,
      );
    }
  }

  /** `_codecs.encode(text, "latin1")`: protocol 2 has no opcode for bytes, and reads no later one. */
  private data(bytes: Uint8Array): void {
    this.global("_codecs", "encode");
    this.ops(0x28); // MARK
    this.text(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    this.text("latin1");
    this.ops(0x74, 0x52); // TUPLE REDUCE
  }

  /** `_rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict())`, contiguous. */
  private tensor(tensor: Tensor): void {
    const { shape, dtype, numel } = tensor;
    const key = String(this.tensors.length);
    this.tensors.push(tensor);
    this.global("torch._utils", "_rebuild_tensor_v2");
    this.ops(0x28, 0x28); // MARK MARK
    this.text("storage");
    this.global("torch", storageNames[dtype]);
    this.text(key);
    this.text("cpu");
    this.number(numel);
    this.ops(0x74, 0x51); // TUPLE BINPERSID
    this.number(0);
    this.sizes(shape);
    let stride = 1;
    const strides = shape.map(() => 1);
    for (let d = shape.length - 1; d >= 0; d--) {
      strides[d] = stride;
      stride *= Math.max(shape[d]!, 1);
    }
    this.sizes(strides);
    this.ops(0x89); // NEWFALSE
    this.global("collections", "OrderedDict");
    this.ops(0x29, 0x52); // EMPTY_TUPLE REDUCE
    this.ops(0x74, 0x52); // TUPLE REDUCE
  }

  private sizes(sizes: readonly number[]): void {
    this.ops(0x28);
    for (const size of sizes) this.number(size);
    this.ops(0x74);
  }

  private global(module: string, name: string): void {
    this.raw(new TextEncoder().encode(`c${module}\n${name}\n`));
  }

  private number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      const bytes = new Uint8Array(9);
      bytes[0] = 0x47; // BINFLOAT
      new DataView(bytes.buffer).setFloat64(1, value, false);
      return this.raw(bytes);
    }
    if (value !== (value | 0)) return this.integer(BigInt(value));
    const bytes = new Uint8Array(5);
    bytes[0] = 0x4a; // BININT
    new DataView(bytes.buffer).setInt32(1, value, true);
    this.raw(bytes);
  }

  private integer(value: bigint): void {
    const bytes: number[] = [];
    let rest = value;
    do {
      bytes.push(Number(rest & 0xffn));
      rest >>= 8n;
    } while (!((rest === 0n && bytes.at(-1)! < 128) || (rest === -1n && bytes.at(-1)! >= 128)) && bytes.length < 64);
    if (rest !== 0n && rest !== -1n) throw new RangeError(`${this.operation}: an integer of more than 512 bits`);
    this.ops(0x8a, bytes.length, ...bytes); // LONG1
  }

  private text(text: string): void {
    const encoded = new TextEncoder().encode(text), head = new Uint8Array(5);
    head[0] = 0x58; // BINUNICODE
    new DataView(head.buffer).setUint32(1, encoded.length, true);
    this.raw(head);
    this.raw(encoded);
  }

  private raw(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.buffer.length) {
      const larger = new Uint8Array(Math.max(2 * this.buffer.length, this.length + bytes.length));
      larger.set(this.buffer.subarray(0, this.length));
      this.buffer = larger;
    }
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }
}
