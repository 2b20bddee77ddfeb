import { expect, test } from "vitest";
import { type CodeModule, ModuleBuilder } from "@heddle/tensor/code";
import {
  type LaneOperation,
  laneOperations,
  type MemoryLaneOperation,
  memoryLaneOperations,
  type MemoryOperation,
  memoryOperations,
  type Operation,
  operations,
  partStores,
  type ValueType,
} from "@heddle/tensor/code";
import { interpret } from "@heddle/tensor/code";
import {
  type Code,
  f32x,
  f64x,
  get,
  i32,
  lane,
  memory,
  memoryLane,
  op,
  set,
  shuffle,
  whileLoop,
  wide,
  type WideOperation,
} from "@heddle/tensor/code";
import { renderWasm } from "@heddle/tensor/code";
import { machine } from "../testing/machine.ts";
import { floatBytes, operandTypes, resultType } from "../testing/signatures.ts";
import { fill, Random, sameBits } from "../testing/values.ts";
import { compileModule } from "./compile.ts";
import { vectorBytes } from "./target.ts";

const native = machine();
const skip = typeof native === "string";
const cases = 160;
const input = 4096;

/** Items of operands, and room for a result behind them. */
const stride = 256;

/** A module that applies an operation to every item: to loads, or to locals that were loaded before. */
function applying(
  bytes: number,
  types: readonly ValueType[],
  result: ValueType,
  inLocals: boolean,
  apply: (...args: Code[]) => Code,
): CodeModule {
  const module = new ModuleBuilder();
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run", bytes);
  const [at, i, end] = f.params as [typeof f.params[0], typeof f.params[0], typeof f.params[0]];
  const loads = types.map((type, k) => memory(`${type}.load`, 64 * k, get(at!)));
  const locals = types.map((type) => f.local(type));
  f.emit(
    whileLoop(
      op("i32.lt_s", get(i!), get(end!)),
      inLocals ? locals.map((local, k) => set(local, loads[k]!)) : [],
      memory(`${result}.store`, 192, get(at!), apply(...(inLocals ? locals.map(get) : loads))),
      set(at!, op("i32.add", get(at!), i32(stride))),
      set(i!, op("i32.add", get(i!), i32(1))),
    ),
  );
  return module;
}

function fillItems(
  buffer: ArrayBufferLike,
  types: readonly ValueType[],
  bytes: number,
  random: Random,
  fix: (view: DataView, at: number) => void,
): void {
  const view = new DataView(buffer);
  for (let n = 0; n < cases; n++) {
    for (let k = 0; k < 3; k++) {
      for (let b = 0; b < bytes; b += 8) fill(view, input + n * stride + 64 * k + b, types[k] ?? "vector", random);
    }
    fix(view, input + n * stride);
  }
}

/** Compares native code with a model, item by item. */
function compare(
  name: string,
  module: CodeModule,
  bytes: number,
  model: (module: CodeModule, memory: ArrayBuffer) => void,
  floats: 0 | 4 | 8,
  fix: (view: DataView, at: number) => void,
  types: readonly ValueType[],
  result: ValueType,
): void {
  if (typeof native === "string") throw new Error(native);
  const resultBytes = { i32: 4, f32: 4, i64: 8, f64: 8, vector: bytes }[result];
  const before = new ArrayBuffer(65536);
  fillItems(before, types, bytes, new Random(7), fix);
  const expected = before.slice(0);
  model(module, expected);
  for (const target of native.targets) {
    if (bytes > vectorBytes[target]) continue;
    const run = native.load(compileModule(module, target, native.base).code);
    const heap = new Uint8Array(native.memory.buffer);
    heap.set(new Uint8Array(before, input), input);
    run(input, 0, cases, 0);
    for (let n = 0; n < cases; n++) {
      const at = input + n * stride + 192;
      const got = heap.slice(at, at + resultBytes);
      const want = new Uint8Array(expected.slice(at, at + resultBytes));
      if (!sameBits(got, want, floats)) {
        const operands = types.map((_, k) => hex(heap.slice(at - 192 + 64 * k, at - 192 + 64 * k + bytes)));
        expect(hex(got), `${name} for ${target}, ${bytes} bytes, of ${operands}`).toBe(hex(want));
      }
    }
    expect(heap.slice(input, input + cases * stride).length).toBe(cases * stride);
  }
}

const hex = (bytes: Uint8Array): string =>
  [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("").replace(/(.{8})/g, "$1 ").trim();

// One memory for all modules: Bun collects all garbage whenever it creates one.
const page = new WebAssembly.Memory({ initial: 1, maximum: 1 });

function wasm(module: CodeModule, buffer: ArrayBuffer): void {
  new Uint8Array(page.buffer).set(new Uint8Array(buffer));
  const bytes = renderWasm(module, { initial: 1, maximum: 1, shared: false });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: page } });
  (exports.run as (...args: number[]) => void)(input, 0, cases, 0);
  new Uint8Array(buffer).set(new Uint8Array(page.buffer));
}

function interpreted(module: CodeModule, buffer: ArrayBuffer): void {
  interpret(module, { memory: () => buffer }).run!(input, 0, cases, 0);
}

const names = (Object.keys(operations) as Operation[]).filter((name) =>
  !["unreachable", "return", "drop", "select", "memory.grow"].includes(name)
);

/** Divisors that trap in WebAssembly are replaced. */
function fixDivisor(name: string): (view: DataView, at: number) => void {
  if (!/div|rem/.test(name)) return () => {};
  if (!name.startsWith("i")) return () => {};
  return (view, at) => {
    if (name.startsWith("i32")) {
      const b = view.getInt32(at + 64, true);
      if (b === 0 || b === -1 && name.includes("div_s")) view.setInt32(at + 64, 7, true);
    } else {
      const b = view.getBigInt64(at + 64, true);
      if (b === 0n || b === -1n && name.includes("div_s")) view.setBigInt64(at + 64, -7n, true);
    }
  };
}

for (const name of names) {
  test.skipIf(skip)(`${name} as in WebAssembly`, () => {
    const types = operandTypes(name);
    for (const inLocals of [true, false]) {
      const module = applying(16, types, resultType(name), inLocals, (...args) => op(name, ...args));
      // WebAssembly need not fuse.
      const model = name.includes("relaxed") ? interpreted : wasm;
      compare(name, module, 16, model, floatBytes(name, true), fixDivisor(name), types, resultType(name));
    }
  });
}

const vectorNames = names.filter((name) =>
  [...operandTypes(name), resultType(name)].includes("vector") && name !== "i8x.swizzle"
);

for (const name of vectorNames) {
  test.skipIf(skip)(`${name} on wide vectors`, () => {
    const types = operandTypes(name);
    for (const bytes of [32, 64]) {
      for (const inLocals of [true, false]) {
        const module = applying(bytes, types, resultType(name), inLocals, (...args) => op(name, ...args));
        compare(name, module, bytes, interpreted, floatBytes(name, false), () => {}, types, resultType(name));
      }
    }
  });
}

test.skipIf(skip)("select of every type as in WebAssembly", () => {
  for (const type of ["i32", "i64", "f32", "f64", "vector"] as const) {
    const types: ValueType[] = [type, type, "i32"];
    for (const inLocals of [true, false]) {
      const conditions: ((c: Code) => Code)[] = [
        (c) => c,
        (c) => op("i32.eqz", c),
        (c) => op("f32.eq", op("f32.reinterpret_i32", c), op("f32.reinterpret_i32", c)),
        (c) => op("f32.ne", op("f32.reinterpret_i32", c), op("f32.reinterpret_i32", c)),
        (c) => op("vector.any_true", op("i32x.splat", c)),
      ];
      for (const condition of conditions) {
        const module = applying(16, types, type, inLocals, (a, b, c) => op("select", a!, b!, condition(c!)));
        compare("select", module, 16, wasm, 0, () => {}, types, type);
      }
    }
  }
});

test.skipIf(skip)("lanes as in WebAssembly", () => {
  for (const name of Object.keys(laneOperations) as LaneOperation[]) {
    const scalar = name.split("x")[0] as ValueType;
    for (const bytes of [16, 32, 64]) {
      for (let k = 0; k < bytes / (scalar.endsWith("32") ? 4 : 8); k++) {
        const replaces = name.includes("replace");
        const types: ValueType[] = replaces ? ["vector", scalar] : ["vector"];
        const result = replaces ? "vector" : scalar;
        const module = applying(bytes, types, result, true, (...args) => lane(name, k, ...args));
        const floats = scalar === "f32" ? 4 : scalar === "f64" ? 8 : 0;
        compare(`${name} ${k}`, module, bytes, bytes === 16 ? wasm : interpreted, floats, () => {}, types, result);
      }
    }
  }
});

test.skipIf(skip)("loads and stores as in WebAssembly", () => {
  const names = [...Object.keys(memoryOperations), ...Object.keys(partStores)] as MemoryOperation[];
  for (const name of names) {
    const type = name.split(".")[0] as ValueType;
    for (const bytes of type === "vector" ? [16, 32, 64] : [16]) {
      const model = bytes === 16 ? wasm : interpreted;
      const module = new ModuleBuilder();
      const f = module.func(["i32", "i32", "i32", "i32"], [], "run", bytes);
      const [at, i, end] = f.params as [typeof f.params[0], typeof f.params[0], typeof f.params[0]];
      f.emit(
        whileLoop(
          op("i32.lt_s", get(i!), get(end!)),
          memory("vector.store", 192, get(at!), f32x(0)),
          name.includes("store")
            ? memory(name, 192, get(at!), memory(`${type}.load`, 0, get(at!)))
            : memory(`${type}.store`, 192, get(at!), memory(name, 3, get(at!))),
          set(at!, op("i32.add", get(at!), i32(stride))),
          set(i!, op("i32.add", get(i!), i32(1))),
        ),
      );
      compare(name, module, bytes, model, 0, () => {}, ["vector"], "vector");
    }
  }
  for (const name of Object.keys(memoryLaneOperations) as MemoryLaneOperation[]) {
    for (let k = 0; k < 128 / Number(/\d+/.exec(name)![0]); k++) {
      const module = applying(
        16,
        ["vector"],
        "vector",
        true,
        (a) =>
          name.includes("load")
            ? memoryLane(name, 65, k, i32(input), a!)
            : [memoryLane(name, 61, k, i32(1024), a!), memory("vector.load", 60, i32(1024))],
      );
      compare(`${name} ${k}`, module, 16, wasm, 0, () => {}, ["vector"], "vector");
    }
  }
});

test.skipIf(skip)("shuffles as in WebAssembly", () => {
  const words = (...list: number[]): number[] => list.flatMap((word) => [0, 1, 2, 3].map((i) => 4 * word + i));
  const random = new Random(3);
  const list: number[][] = [
    ...[0, 1, 5, 15, 16, 20].map((first) => Array.from({ length: 16 }, (_, i) => Math.min(31, first + i))),
    ...[[0, 4, 1, 5], [4, 0, 5, 1], [2, 6, 3, 7], [6, 2, 7, 3], [0, 1, 4, 5], [6, 7, 2, 3], [0, 5, 2, 7], [4, 1, 2, 3]]
      .map((list) => words(...list)),
    words(0, 1, 2, 3),
    words(4, 5, 6, 7),
    words(3, 3, 0, 0),
    words(7, 4, 4, 6),
  ];
  for (let n = 0; n < 40; n++) list.push(words(...[0, 0, 0, 0].map(() => random.below(8))));
  for (let n = 0; n < 40; n++) {
    list.push(Array.from({ length: 16 }, () => random.below(n % 2 ? 32 : 16) + (n % 4 ? 0 : 16) & 31));
  }
  const types: ValueType[] = ["vector", "vector"];
  for (const bytes of list) {
    for (const apply of [(a: Code, b: Code) => shuffle(bytes, a, b), (a: Code, _: Code) => shuffle(bytes, a, a)]) {
      const module = applying(16, types, "vector", true, (a, b) => apply(a!, b!));
      compare(`shuffle ${bytes}`, module, 16, wasm, 0, () => {}, types, "vector");
    }
  }
});

test.skipIf(skip)("operations of wide vectors", () => {
  const immediates = (name: WideOperation, bytes: number): number[] => {
    switch (name) {
      case "turn":
        return Array.from({ length: bytes / 4 }, (_, i) => i);
      case "quarter":
      case "with_quarter":
        return Array.from({ length: bytes / 16 }, (_, i) => i);
      case "shuffle_quads":
        return Array.from({ length: 256 }, (_, i) => i);
      case "shuffle_pieces":
        return Array.from({ length: bytes === 64 ? 256 : 4 }, (_, i) => i);
      default:
        return [0];
    }
  };
  const unary: WideOperation[] = ["turn", "repeat_quarter", "narrow64", "spread32", "spread64"];
  const binary: WideOperation[] = [
    "with_quarter",
    "shuffle_quads",
    "zip_low32",
    "zip_high32",
    "zip_low64",
    "zip_high64",
    "multiply_even32",
    "shuffle_pieces",
  ];
  for (const bytes of [32, 64]) {
    for (const name of [...unary, ...binary]) {
      const types: ValueType[] = unary.includes(name) ? ["vector"] : ["vector", "vector"];
      for (const immediate of immediates(name, bytes)) {
        const module = applying(bytes, types, "vector", true, (...args) => wide(name, immediate, ...args));
        compare(`${name} ${immediate}`, module, bytes, interpreted, 0, () => {}, types, "vector");
      }
    }
    for (const immediate of immediates("quarter", bytes)) {
      // What is above the low 16 bytes is undefined.
      const module = applying(
        bytes,
        ["vector"],
        "vector",
        true,
        (a) => wide("with_quarter", 1, f64x(0), wide("quarter", immediate, a!)),
      );
      compare(`quarter ${immediate}`, module, bytes, interpreted, 0, () => {}, ["vector"], "vector");
    }
    const piece = memory(bytes === 64 ? "vector.load_quarter" : "vector.load_half", 5, i32(input));
    const repeated = applying(bytes, ["i32"], "vector", false, () => wide("repeat_quarter", 0, piece));
    compare("repeat_quarter from memory", repeated, bytes, interpreted, 0, () => {}, ["i32"], "vector");
    for (const immediate of immediates("with_quarter", bytes)) {
      const module = applying(bytes, ["vector"], "vector", true, (a) => wide("with_quarter", immediate, a!, piece));
      compare(`with_quarter ${immediate} from memory`, module, bytes, interpreted, 0, () => {}, ["vector"], "vector");
    }
    for (const lanes of [32, 64] as const) {
      for (let count = 0; count <= 8 * bytes / lanes; count++) {
        const types: ValueType[] = ["vector", "vector"];
        const choose = applying(
          bytes,
          types,
          "vector",
          true,
          (a, b) => wide(`choose_first${lanes}`, 0, i32(count), a!, b!),
        );
        compare(`choose_first${lanes} ${count}`, choose, bytes, interpreted, 0, () => {}, types, "vector");
        const load = applying(
          bytes,
          ["i32"],
          "vector",
          false,
          () => wide(`load_first${lanes}`, 5, i32(input), i32(count)),
        );
        compare(`load_first${lanes} ${count}`, load, bytes, interpreted, 0, () => {}, ["i32"], "vector");
        const store = applying(bytes, types, "vector", true, (a, b) => [
          memory("vector.store", 4, i32(1024), a!),
          wide(`store_first${lanes}`, 4, i32(1024), b!, i32(count)),
          memory("vector.load", 4, i32(1024)),
        ]);
        compare(`store_first${lanes} ${count}`, store, bytes, interpreted, 0, () => {}, types, "vector");
      }
    }
  }
});

test.skipIf(skip)("division by zero gives 0 and does not stop the process", () => {
  if (typeof native === "string") return;
  for (const type of ["i32", "i64"] as const) {
    for (
      const name of [
        `${type}.div_s`,
        `${type}.rem_s`,
        ...(type === "i32" ? ["i32.div_u", "i32.rem_u"] : []),
      ] as Operation[]
    ) {
      for (const target of native.targets) {
        const module = applying(16, [type, type], type, true, (a, b) => op(name, a!, b!));
        const view = new DataView(native.memory.buffer);
        const put = (at: number, x: number): void =>
          type === "i32" ? view.setInt32(at, x, true) : view.setBigInt64(at, BigInt(x), true);
        const run = native.load(compileModule(module, target, native.base).code);
        const result = (a: number, b: number): number => {
          put(input, a);
          put(input + 64, b);
          run(input, 0, 1, 0);
          return type === "i32" ? view.getInt32(input + 192, true) : Number(view.getBigInt64(input + 192, true));
        };
        expect(result(12345, 0), name).toBe(0);
        if (name.endsWith("s")) {
          const least = type === "i32" ? -(2 ** 31) : -(2 ** 63);
          expect(result(least, -1), name).toBe(name.includes("div") ? least : 0);
          expect(result(-7, -1) + 0, name).toBe(name.includes("div") ? 7 : 0);
        }
      }
    }
  }
});
