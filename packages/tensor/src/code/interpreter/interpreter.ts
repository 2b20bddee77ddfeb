/**
 * Runs generated code in JavaScript, with vectors of any width: the model that renderers are compared with, and, in tests,
 * a stand-in for native code. It is slow.
 */
import type { CodeModule, FunctionBuilder } from "../module.ts";
import type { Code, Node, TileOperation } from "../tree.ts";
import { operation, trap, type Value, Vector } from "./model.ts";
import { roundedBits, Tiles } from "./tiles.ts";

type Locals = Value[];
/** Computes a value. */
type Compute = (locals: Locals) => Value;
/** Runs a statement. Returns the number of blocks that a branch still has to leave, or -1. */
type Perform = (locals: Locals) => number;

const next = -1;
const returned = 1 << 20;

/** What the interpreted code works on. */
export interface Machine {
  /** The memory, read again after it may have grown. */
  memory(): ArrayBufferLike;
  /** Imported functions. */
  readonly imports?: Readonly<Record<string, (...args: number[]) => number>>;
}

const isList = (code: Code): code is readonly Code[] => Array.isArray(code);

/** One function of a module. */
class Interpreted {
  private readonly built: FunctionBuilder;
  private readonly module: CodeModule;
  private readonly machine: Machine;
  private readonly call: (index: number, args: readonly Value[]) => Value | undefined;
  private readonly body: Perform;
  private readonly result: Compute | null;
  private readonly tiles: Tiles = new Tiles();
  private view: DataView = new DataView(new ArrayBuffer(0));

  constructor(
    built: FunctionBuilder,
    module: CodeModule,
    machine: Machine,
    call: (index: number, args: readonly Value[]) => Value | undefined,
  ) {
    this.built = built;
    this.module = module;
    this.machine = machine;
    this.call = call;
    const [statements, result] = built.results.length === 0
      ? [built.body, null]
      : [built.body.slice(0, -1), built.body.at(-1)!];
    this.body = this.perform(statements);
    this.result = result === null ? null : this.compute(result);
  }

  run(args: readonly Value[]): Value | undefined {
    const locals: Locals = [...args];
    for (const type of this.built.locals) {
      locals.push(type === "vector" ? new Vector(this.built.vectorBytes) : type === "i64" ? 0n : 0);
    }
    this.body(locals);
    return this.result?.(locals);
  }

  private data(): DataView {
    const buffer = this.machine.memory();
    if (this.view.buffer !== buffer) this.view = new DataView(buffer);
    return this.view;
  }

  private results(index: number): number {
    const { imports, functions } = this.module;
    return (index < imports.length ? imports[index]! : functions[index - imports.length]!).results.length;
  }

  private perform(code: Code): Perform {
    if (isList(code)) {
      const all = code.map((item) => this.perform(item));
      return (locals) => {
        for (const one of all) {
          const depth = one(locals);
          if (depth !== next) return depth;
        }
        return next;
      };
    }
    switch (code.kind) {
      case "set": {
        const { index } = code.local;
        const value = this.compute(code.value);
        return (locals) => (locals[index] = value(locals), next);
      }
      case "block": {
        const body = this.perform(code.body);
        return (locals) => {
          const depth = body(locals);
          return depth === returned || depth === next ? depth : depth - 1;
        };
      }
      case "loop": {
        const body = this.perform(code.body);
        return (locals) => {
          for (;;) {
            const depth = body(locals);
            if (depth === 0) continue;
            return depth === returned || depth === next ? depth : depth - 1;
          }
        };
      }
      case "branch": {
        const { depth } = code;
        if (code.condition === null) return () => depth;
        const condition = this.compute(code.condition);
        return (locals) => condition(locals) !== 0 ? depth : next;
      }
      case "if": {
        if (code.type !== null) break;
        const condition = this.compute(code.condition);
        const then = this.perform(code.then);
        const otherwise = code.otherwise === null ? null : this.perform(code.otherwise);
        return (locals) => {
          const depth = condition(locals) !== 0 ? then(locals) : otherwise === null ? next : otherwise(locals);
          return depth === returned || depth === next ? depth : depth - 1;
        };
      }
      case "op": {
        if (code.name === "return") return () => returned;
        if (code.name === "unreachable") return trap;
        if (code.name !== "drop") break;
        const value = this.compute(code.args[0]!);
        return (locals) => (value(locals), next);
      }
      case "memory":
      case "memoryLane":
      case "wide":
        if (code.name.startsWith("tile")) return this.tile(code as Extract<Node, { kind: "wide" }>);
        if (code.name.includes("store")) return this.store(code);
        if (code.name.startsWith("prefetch")) return () => next;
        break;
      case "call":
        if (this.results(code.callee.index) > 0) break;
        return this.invocation(code) as unknown as Perform;
    }
    throw new Error(`interpreter: ${code.kind} is not a statement`);
  }

  private tile({ name, immediate, args }: Extract<Node, { kind: "wide" }>): Perform {
    const address = args.length === 0 ? null : this.compute(args[0]!);
    return (locals) => {
      const at = address === null ? 0 : address(locals) as number >>> 0;
      this.tiles.run(name as TileOperation, immediate, new Uint8Array(this.data().buffer), at);
      return next;
    };
  }

  private invocation(code: Extract<Node, { kind: "call" }>): Compute {
    const args = code.args.map((arg) => this.compute(arg));
    const { index } = code.callee;
    const some = this.results(index) > 0;
    return (locals) => {
      const result = this.call(index, args.map((arg) => arg(locals)));
      return some ? result! : next;
    };
  }

  private compute(code: Code): Compute {
    if (isList(code)) {
      if (code.length === 1) return this.compute(code[0]!);
      const statements = code.slice(0, -1).filter((item) => !isList(item) || item.length > 0);
      const first = statements.map((item) => this.perform(item));
      const value = this.compute(code.at(-1)!);
      return (locals) => {
        for (const one of first) if (one(locals) !== next) throw new Error("interpreter: a branch out of a value");
        return value(locals);
      };
    }
    const bytes = this.built.vectorBytes;
    switch (code.kind) {
      case "i32":
      case "f64":
      case "i64": {
        const { value } = code;
        return () => value;
      }
      case "f32": {
        const value = Math.fround(code.value);
        return () => value;
      }
      case "splat": {
        const z = new Vector(bytes);
        z.i32.forEach((_, i) => z.i32[i] = i % 2 === 0 ? code.low : code.high);
        return () => z;
      }
      case "lanes": {
        if (code.words.length !== bytes / 4) throw new Error("interpreter: a constant of another width");
        const z = new Vector(bytes);
        z.i32.set(code.words);
        return () => z;
      }
      case "get": {
        const { index } = code.local;
        return (locals) => locals[index]!;
      }
      case "tee": {
        const { index } = code.local;
        const value = this.compute(code.value);
        return (locals) => locals[index] = value(locals);
      }
      case "if": {
        const condition = this.compute(code.condition);
        const [then, otherwise] = [this.compute(code.then), this.compute(code.otherwise!)];
        return (locals) => condition(locals) !== 0 ? then(locals) : otherwise(locals);
      }
      case "call":
        return this.invocation(code);
      case "shuffle": {
        if (bytes !== 16) throw new Error("interpreter: a shuffle of bytes in a wide function");
        const [a, b] = code.args.map((arg) => this.compute(arg)) as [Compute, Compute];
        return (locals) => {
          const [x, y, z] = [a(locals) as Vector, b(locals) as Vector, new Vector(16)];
          code.bytes.forEach((from, i) => z.u8[i] = from < 16 ? x.u8[from]! : y.u8[from - 16]!);
          return z;
        };
      }
      case "lane":
        return this.lane(code);
      case "op": {
        const args = code.args.map((arg) => this.compute(arg));
        if (code.name === "memory.grow") return () => trap();
        const f = operation(code.name, bytes);
        return (locals) => f(args.map((arg) => arg(locals)));
      }
      case "memory":
      case "memoryLane":
        return this.load(code);
      case "wide":
        return this.wide(code);
    }
    throw new Error(`interpreter: ${code.kind} has no value`);
  }

  private lane({ name, lane, args }: Extract<Node, { kind: "lane" }>): Compute {
    const type = name.slice(0, 3) as "i32" | "i64" | "f32" | "f64";
    const [a, b] = args.map((arg) => this.compute(arg)) as [Compute, Compute | undefined];
    if (b === undefined) return (locals) => (a(locals) as Vector)[type][lane]!;
    return (locals) => {
      const z = new Vector(this.built.vectorBytes);
      z.i32.set((a(locals) as Vector).i32);
      z[type][lane] = b(locals) as never;
      return z;
    };
  }

  private load(code: Extract<Node, { kind: "memory" | "memoryLane" }>): Compute {
    const bytes = this.built.vectorBytes;
    const [address, vector] = code.args.map((arg) => this.compute(arg)) as [Compute, Compute | undefined];
    const at = (locals: Locals): number => (address(locals) as number >>> 0) + code.offset;
    const name = code.name as string;
    const copied = (count: number) => (locals: Locals): Value => {
      const z = new Vector(bytes);
      z.u8.set(new Uint8Array(this.data().buffer, at(locals), count));
      return z;
    };
    const spread = (size: number) => (locals: Locals): Value => {
      const z = new Vector(bytes);
      const from = new Uint8Array(this.data().buffer, at(locals), size);
      for (let i = 0; i < bytes; i += size) z.u8.set(from, i);
      return z;
    };
    const lane = /^vector\.load(\d+)_lane$/.exec(name);
    if (lane !== null) {
      const size = Number(lane[1]) / 8;
      const index = (code as Extract<Node, { kind: "memoryLane" }>).lane;
      return (locals) => {
        const from = at(locals);
        const z = new Vector(bytes);
        z.u8.set((vector!(locals) as Vector).u8);
        z.u8.set(new Uint8Array(this.data().buffer, from, size), index * size);
        return z;
      };
    }
    const splat = /^vector\.load(\d+)_splat$/.exec(name);
    if (splat !== null) return spread(Number(splat[1]) / 8);
    const extended = /^vector\.load(8|16|32)x\d_([su])$/.exec(name);
    if (extended !== null) {
      const size = Number(extended[1]) / 8;
      const signed = extended[2] === "s";
      return (locals) => {
        const z = new Vector(bytes);
        const [data, from] = [this.data(), at(locals)];
        for (let i = 0; i < bytes / 2 / size; i++) {
          const p = from + i * size;
          if (size === 1) z.i16[i] = signed ? data.getInt8(p) : data.getUint8(p);
          else if (size === 2) z.i32[i] = signed ? data.getInt16(p, true) : data.getUint16(p, true);
          else z.i64[i] = BigInt(data.getInt32(p, true));
        }
        return z;
      };
    }
    switch (name) {
      case "vector.load":
        return copied(bytes);
      case "vector.load_half":
        return copied(bytes / 2);
      case "vector.load_quarter":
        return copied(bytes / 4);
      case "i32.load":
        return (locals) => this.data().getInt32(at(locals), true);
      case "i64.load":
        return (locals) => this.data().getBigInt64(at(locals), true);
      case "f32.load":
        return (locals) => this.data().getFloat32(at(locals), true);
      case "f64.load":
        return (locals) => this.data().getFloat64(at(locals), true);
      case "i32.load8_s":
        return (locals) => this.data().getInt8(at(locals));
      case "i32.load8_u":
        return (locals) => this.data().getUint8(at(locals));
      case "i32.load16_s":
        return (locals) => this.data().getInt16(at(locals), true);
      case "i32.load16_u":
        return (locals) => this.data().getUint16(at(locals), true);
    }
    throw new Error(`interpreter: no operation ${name}`);
  }

  private store(code: Extract<Node, { kind: "memory" | "memoryLane" | "wide" }>): Perform {
    const bytes = this.built.vectorBytes;
    const [address, value, count] = code.args.map((arg) => this.compute(arg)) as [Compute, Compute, Compute?];
    const offset = code.kind === "wide" ? code.immediate : code.offset;
    const put = (from: number, size: (locals: Locals) => number): Perform => (locals) => {
      const at = (address(locals) as number >>> 0) + offset;
      const { u8 } = value(locals) as Vector;
      new Uint8Array(this.data().buffer).set(u8.subarray(from, from + size(locals)), at);
      return next;
    };
    if (code.kind === "wide") {
      const size = code.name === "store_first64" ? 8 : 4;
      return put(0, (locals) => size * (count!(locals) as number));
    }
    if (code.kind === "memoryLane") {
      const size = Number(/store(\d+)_lane/.exec(code.name)![1]) / 8;
      return put(code.lane * size, () => size);
    }
    const part = { "": 1, _half: 2, _quarter: 4, _eighth: 8, _sixteenth: 16 }[code.name.replace("vector.store", "")];
    if (part !== undefined) return put(0, () => bytes / part);
    const scalar = (write: (data: DataView, at: number, value: never) => void): Perform => (locals) => {
      const at = (address(locals) as number >>> 0) + offset;
      const stored = value(locals);
      write(this.data(), at, stored as never);
      return next;
    };
    switch (code.name) {
      case "i32.store":
        return scalar((data, at, x) => data.setInt32(at, x, true));
      case "i64.store":
        return scalar((data, at, x) => data.setBigInt64(at, x, true));
      case "f32.store":
        return scalar((data, at, x) => data.setFloat32(at, x, true));
      case "f64.store":
        return scalar((data, at, x) => data.setFloat64(at, x, true));
      case "i32.store8":
        return scalar((data, at, x) => data.setInt8(at, x));
      case "i32.store16":
        return scalar((data, at, x) => data.setInt16(at, x, true));
    }
    throw new Error(`interpreter: no operation ${code.name}`);
  }

  private wide({ name, immediate, args }: Extract<Node, { kind: "wide" }>): Compute {
    const bytes = this.built.vectorBytes;
    if (bytes === 16) throw new Error(`interpreter: ${name} in a function with vectors of 16 bytes`);
    const operands = args.map((arg) => this.compute(arg));
    const vectors = (fill: (z: Vector, a: Vector, b: Vector) => void): Compute => (locals) => {
      const [a, b] = operands.map((operand) => operand(locals)) as [Vector, Vector];
      const z = new Vector(bytes);
      fill(z, a, b);
      return z;
    };
    const size = name.endsWith("64") ? 8 : 4;
    switch (name) {
      case "load_first32":
      case "load_first64":
        return (locals) => {
          const at = (operands[0]!(locals) as number >>> 0) + immediate;
          const z = new Vector(bytes);
          const count = operands[1]!(locals) as number;
          if (count > 0) z.u8.set(new Uint8Array(this.data().buffer, at, size * count));
          return z;
        };
      case "choose_first32":
      case "choose_first64":
        return (locals) => {
          const [count, a, b] = operands.map((operand) => operand(locals)) as [number, Vector, Vector];
          const z = new Vector(bytes);
          z.u8.set(b.u8);
          z.u8.set(a.u8.subarray(0, size * count));
          return z;
        };
      case "turn":
        return vectors((z, a) => z.i32.forEach((_, i) => z.i32[i] = a.i32[(i + immediate) % (bytes / 4)]!));
      case "repeat_quarter":
        return vectors((z, a) => z.i32.forEach((_, i) => z.i32[i] = a.i32[i % 4]!));
      case "quarter":
        return vectors((z, a) => {
          z.i32.fill(0x7fc0dead); // undefined
          z.u8.set(a.u8.subarray(16 * immediate, 16 * immediate + 16));
        });
      case "with_quarter":
        return vectors((z, a, b) => {
          z.u8.set(a.u8);
          z.u8.set(b.u8.subarray(0, 16), 16 * immediate);
        });
      case "narrow64":
        return vectors((z, a) => a.i64.forEach((x, i) => z.i32[i] = Number(BigInt.asIntN(32, x))));
      case "spread32":
        return vectors((z, a) => z.i32.fill(a.i32[0]!));
      case "spread64":
        return vectors((z, a) => z.i64.fill(a.i64[0]!));
      case "shuffle_quads":
        return vectors((z, a, b) =>
          z.i32.forEach((_, i) => {
            const from = i % 4 < 2 ? a : b;
            z.i32[i] = from.i32[i - i % 4 + (immediate >> 2 * (i % 4) & 3)]!;
          })
        );
      case "zip_low32":
      case "zip_high32":
        return vectors((z, a, b) =>
          z.i32.forEach((_, i) => {
            const from = i - i % 4 + (name === "zip_low32" ? 0 : 2) + (i % 4 >> 1);
            z.i32[i] = (i % 2 === 0 ? a : b).i32[from]!;
          })
        );
      case "zip_low64":
      case "zip_high64":
        return vectors((z, a, b) =>
          z.i64.forEach((_, i) => z.i64[i] = (i % 2 === 0 ? a : b).i64[i - i % 2 + (name === "zip_low64" ? 0 : 1)]!)
        );
      case "multiply_even32":
        return vectors((z, a, b) => {
          const low = (x: bigint): bigint => BigInt.asUintN(32, x);
          z.i64.forEach((_, i) => z.i64[i] = low(a.i64[i]!) * low(b.i64[i]!));
        });
      case "round_both":
        return vectors((z, a, b) => [...a.u32, ...b.u32].forEach((bits, i) => z.u16[i] = roundedBits(bits)));
      case "zip_halves16":
        return vectors((z, a) => z.i16.forEach((_, i) => z.i16[i] = a.i16[(i >> 1) + (i & 1) * (bytes / 4)]!));
      case "shuffle_pieces":
        return vectors((z, a, b) => {
          const pieces = bytes / 16;
          for (let i = 0; i < pieces; i++) {
            const from = 2 * i < pieces ? a : b;
            const piece = pieces === 4 ? immediate >> 2 * i & 3 : immediate >> i & 1;
            z.u8.set(from.u8.subarray(16 * piece, 16 * piece + 16), 16 * i);
          }
        });
      default:
        throw new Error(`interpreter: no operation ${name}`);
    }
  }
}

/** The functions that a module exports, interpreted. */
export function interpret(
  module: CodeModule,
  machine: Machine,
): Readonly<Record<string, (...args: Value[]) => Value | undefined>> {
  const { imports, functions } = module;
  const call = (index: number, args: readonly Value[]): Value | undefined => {
    if (index < imports.length) return machine.imports![imports[index]!.name]!(...args as number[]);
    return run(index - imports.length, args);
  };
  const interpreted: Interpreted[] = [];
  const run = (i: number, args: readonly Value[]): Value | undefined => {
    interpreted[i] ??= new Interpreted(functions[i]!, module, machine, call);
    return interpreted[i]!.run(args);
  };
  return Object.fromEntries(
    module.exports.map(({ name, index }) => [name, (...args: Value[]) => run(index - imports.length, args)]),
  );
}
