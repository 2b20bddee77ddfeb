/**
 * Reads Python's pickles as data. A pickle is a program for a small stack machine; this one has no way to run Python's code: the
 * functions and classes that a pickle names are looked up in a table, and whatever is not there is refused by its name, or kept as data.
 * https://docs.python.org/3/library/pickle.html, protocols 2 to 5
 */
import { type Fail, shortened } from "../errors.ts";

/** A dict. Keys are strings, numbers, and whatever else Python has hashed. */
export class PickledDict {
  readonly entries: Map<unknown, unknown> = new Map();
}

/** A tuple. */
export class PickledTuple {
  readonly items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** A function or class that a pickle may name. */
export interface Callable {
  /** Calls it with data. */
  call(args: readonly unknown[], fail: Fail): unknown;
}

/**
 * A function or class that is not known, or what it made. A pickle may call it and fill the result, which runs nothing: the data is kept.
 */
export class PickledObject implements Callable {
  readonly module: string;
  readonly name: string;
  /** What it was called with; null for the function or class itself. */
  readonly args: readonly unknown[] | null;
  state: unknown = null;
  items: unknown[] | PickledDict | null = null;

  constructor(module: string, name: string, args: readonly unknown[] | null) {
    this.module = module;
    this.name = name;
    this.args = args;
  }

  call(args: readonly unknown[]): PickledObject {
    // A method, for example, is what `getattr` returned.
    return new PickledObject(this.module, this.name, this.args === null ? args : [this, new PickledTuple(args)]);
  }
}

/** What gives pickles their meaning. */
export interface PickleWorld {
  /** A function, class or constant by name. @throws for names that are not known. */
  find(module: string, name: string): unknown;
  /** An object that lies outside the pickle, such as a storage. */
  persistent(id: unknown): unknown;
  /** Sets the state of an object. Returns the object. */
  build(object: unknown, state: unknown): unknown;
}

/** Whether a value was returned by {@link PickleWorld.find} to be called. */
function isCallable(value: unknown): value is Callable {
  return typeof value === "object" && value !== null && typeof (value as Partial<Callable>).call === "function";
}

/** Thrown where the bytes end before the pickle does. */
export class PickleEnds extends Error {}

/** A number in a pickle that no pickle of data needs is refused from this many bytes on. */
const MOST_INTEGER_BYTES = 64;

/**
 * Runs a pickle, and returns its value and where it ends. Time and memory are bounded by the number of bytes.
 *
 * @throws PickleEnds where `bytes` are too few.
 */
export function unpickle(
  bytes: Uint8Array,
  start: number,
  world: PickleWorld,
  fail: Fail,
): { value: unknown; end: number } {
  return new Machine(bytes, start, world, fail).run();
}

class Machine {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly world: PickleWorld;
  private readonly fail: Fail;
  private at: number;
  private readonly stack: unknown[] = [];
  private readonly marks: number[] = [];
  private readonly memo: Map<number, unknown> = new Map();
  /** Functions copy what they are given, and the memo can give the same long list to many. Together they copy no more than this. */
  private copies: number;

  constructor(bytes: Uint8Array, start: number, world: PickleWorld, fail: Fail) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = start;
    this.world = world;
    this.fail = fail;
    this.copies = 2 * bytes.length;
  }

  run(): { value: unknown; end: number } {
    for (;;) {
      const opcode = this.bytes[this.take(1)]!;
      if (opcode === STOP) return { value: this.pop(), end: this.at };
      this.step(opcode);
    }
  }

  private step(opcode: number): void {
    switch (opcode) {
      case 0x80: { // PROTO
        const protocol = this.uint(1);
        if (protocol < 2 || protocol > 5) this.fail(`a pickle of protocol ${protocol}`);
        return;
      }
      case 0x95: // FRAME
        this.take(8);
        return;
      case 0x28: // MARK
        this.marks.push(this.stack.length);
        return;
      case 0x30: // POP
        this.pop();
        return;
      case 0x31: // POP_MARK
        this.popMark();
        return;
      case 0x32: // DUP
        return this.push(this.top());
      case 0x4e: // NONE
        return this.push(null);
      case 0x88: // NEWTRUE
        return this.push(true);
      case 0x89: // NEWFALSE
        return this.push(false);
      case 0x4a: // BININT
        return this.push(this.view.getInt32(this.take(4), true));
      case 0x4b: // BININT1
        return this.push(this.uint(1));
      case 0x4d: // BININT2
        return this.push(this.uint(2));
      case 0x8a: // LONG1
        return this.push(this.integer(this.uint(1)));
      case 0x8b: // LONG4
        return this.push(this.integer(this.uint(4)));
      case 0x47: // BINFLOAT
        return this.push(this.view.getFloat64(this.take(8), false));
      case 0x58: // BINUNICODE
        return this.push(this.text(this.uint(4)));
      case 0x8c: // SHORT_BINUNICODE
        return this.push(this.text(this.uint(1)));
      case 0x8d: // BINUNICODE8
        return this.push(this.text(this.uint(8)));
      case 0x54: // BINSTRING: what Python 2 calls a string
        return this.push(this.text(this.uint(4)));
      case 0x55: // SHORT_BINSTRING
        return this.push(this.text(this.uint(1)));
      case 0x42: // BINBYTES
        return this.push(this.data(this.uint(4)));
      case 0x43: // SHORT_BINBYTES
        return this.push(this.data(this.uint(1)));
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.push(this.data(this.uint(8)));
      case 0x7d: // EMPTY_DICT
        return this.push(new PickledDict());
      case 0x5d: // EMPTY_LIST
        return this.push([]);
      case 0x29: // EMPTY_TUPLE
        return this.push(new PickledTuple([]));
      case 0x8f: // EMPTY_SET
        return this.push(new Set());
      case 0x64: { // DICT
        const dict = new PickledDict();
        this.setItems(dict, this.popMark());
        return this.push(dict);
      }
      case 0x6c: // LIST
        return this.push(this.popMark());
      case 0x74: // TUPLE
        return this.push(new PickledTuple(this.popMark()));
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.push(new PickledTuple(this.popMany(opcode - 0x84)));
      case 0x91: // FROZENSET
        return this.push(new Set(this.popMark()));
      case 0x61: // APPEND
        return this.append(this.popMany(1));
      case 0x65: // APPENDS
        return this.append(this.popMark());
      case 0x73: // SETITEM
      case 0x75: { // SETITEMS
        const items = opcode === 0x73 ? this.popMany(2) : this.popMark(), top = this.top();
        const dict = top instanceof PickledObject ? top.items ??= new PickledDict() : top;
        if (!(dict instanceof PickledDict)) return this.fail("a pickle sets items of what is no dict");
        return this.setItems(dict, items);
      }
      case 0x90: { // ADDITEMS
        const items = this.popMark(), set = this.top();
        if (set instanceof PickledObject) return this.append(items);
        if (!(set instanceof Set)) return this.fail("a pickle adds items to what is no set");
        for (const item of items) set.add(item);
        return;
      }
      case 0x68: // BINGET
        return this.get(this.uint(1));
      case 0x6a: // LONG_BINGET
        return this.get(this.uint(4));
      case 0x71: // BINPUT
        this.memo.set(this.uint(1), this.top());
        return;
      case 0x72: // LONG_BINPUT
        this.memo.set(this.uint(4), this.top());
        return;
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, this.top());
        return;
      case 0x63: { // GLOBAL
        const module = this.line();
        return this.push(this.world.find(module, this.line()));
      }
      case 0x93: { // STACK_GLOBAL
        const [module, name] = this.popMany(2);
        if (typeof module !== "string" || typeof name !== "string") return this.fail("a pickle names what is no name");
        return this.push(this.world.find(module, name));
      }
      case 0x52: // REDUCE
      case 0x81: { // NEWOBJ
        const [callee, args] = this.popMany(2);
        if (!isCallable(callee)) return this.fail("a pickle calls what cannot be called");
        if (!(args instanceof PickledTuple)) return this.fail("a pickle calls with what is no tuple");
        for (const arg of args.items) this.charge(arg);
        return this.push(callee.call(args.items, this.fail));
      }
      case 0x62: { // BUILD
        const state = this.pop(), object = this.pop();
        if (state instanceof PickledTuple) { for (const item of state.items) this.charge(item); }
        return this.push(this.world.build(object, state));
      }
      case 0x51: // BINPERSID
        return this.push(this.world.persistent(this.pop()));
      default:
        this.fail(
          `a pickle has the instruction 0x${
            opcode.toString(16).padStart(2, "0")
          }, which data does not need (protocols 2 to 5 are read)`,
        );
    }
  }

  private charge(arg: unknown): void {
    if (typeof arg === "string" || Array.isArray(arg)) this.copies -= arg.length;
    else if (arg instanceof Uint8Array) this.copies -= arg.length;
    else if (arg instanceof PickledTuple) this.copies -= arg.items.length;
    else if (arg instanceof Set || arg instanceof Map) this.copies -= arg.size;
    else if (arg instanceof PickledDict) this.copies -= arg.entries.size;
    if (this.copies < 0) this.fail("a pickle copies the same data again and again");
  }

  private setItems(dict: PickledDict, items: readonly unknown[]): void {
    if (items.length % 2 !== 0) this.fail("a pickle sets a key without a value");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      if (dict.entries.has(key)) this.fail(`a dict has the key ${shortened(String(key))} twice`);
      dict.entries.set(key, items[i + 1]);
    }
  }

  private append(items: readonly unknown[]): void {
    const top = this.top();
    const list = top instanceof PickledObject ? top.items ??= [] : top;
    if (!Array.isArray(list)) return this.fail("a pickle appends to what is no list");
    for (const item of items) list.push(item);
  }

  private get(index: number): void {
    if (!this.memo.has(index)) this.fail(`a pickle refers to its object ${index}, which it does not have`);
    this.push(this.memo.get(index));
  }

  private push(value: unknown): void {
    this.stack.push(value);
  }

  /** The lowest index that may be popped. */
  private get floor(): number {
    return this.marks.at(-1) ?? 0;
  }

  private top(): unknown {
    if (this.stack.length <= this.floor) this.fail("a pickle takes from an empty stack");
    return this.stack.at(-1);
  }

  private pop(): unknown {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  private popMany(count: number): unknown[] {
    if (this.stack.length - count < this.floor) this.fail("a pickle takes from an empty stack");
    return this.stack.splice(this.stack.length - count);
  }

  private popMark(): unknown[] {
    const mark = this.marks.pop();
    if (mark === undefined) return this.fail("a pickle closes what it has not opened");
    return this.stack.splice(mark);
  }

  /** Where the next bytes begin. */
  private take(count: number): number {
    if (count > this.bytes.length - this.at) throw new PickleEnds();
    this.at += count;
    return this.at - count;
  }

  private uint(size: 1 | 2 | 4 | 8): number {
    const at = this.take(size);
    if (size === 1) return this.view.getUint8(at);
    if (size === 2) return this.view.getUint16(at, true);
    return size === 4 ? this.view.getUint32(at, true) : Number(this.view.getBigUint64(at, true));
  }

  /** An integer of two's complement; a bigint where a number would not be exact. */
  private integer(length: number): number | bigint {
    if (length > MOST_INTEGER_BYTES) this.fail(`a pickle has an integer of ${length} bytes`);
    const at = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = value << 8n | BigInt(this.bytes[at + i]!);
    value = BigInt.asIntN(8 * length, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  private text(length: number): string {
    const at = this.take(length);
    return decoder.decode(this.bytes.subarray(at, at + length));
  }

  private data(length: number): Uint8Array<ArrayBuffer> {
    const at = this.take(length);
    return this.bytes.slice(at, at + length) as Uint8Array<ArrayBuffer>;
  }

  /** The text up to the next line break. */
  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new PickleEnds();
    if (end - this.at > 1000) this.fail("a pickle has a name of more than 1000 bytes");
    const text = this.text(end - this.at);
    this.take(1);
    return text;
  }
}

const STOP = 0x2e;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
