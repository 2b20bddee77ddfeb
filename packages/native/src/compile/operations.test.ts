import { expect, test } from "vitest";
import { type CodeModule, ModuleBuilder } from "../../../tensor/src/code/module.ts";
import { type Operation, operations, type ValueType } from "../../../tensor/src/code/operations.ts";
import { interpret } from "../../../tensor/src/code/testing/interpreter.ts";
import { type Code, get, i32, memory, op, set, whileLoop } from "../../../tensor/src/code/tree.ts";
import { renderWasm } from "../../../tensor/src/code/wasm.ts";
import { machine } from "../testing/machine.ts";
import { floatBytes, operandTypes, resultType } from "../testing/signatures.ts";
import { fill, Random, sameBits } from "../testing/values.ts";
import { compileModule } from "./compile.ts";
import { vectorBytes } from "./target.ts";

const native = await machine();
const skip = typeof native === "string";
const cases = 160;
const input = 4096;

/** Items of operands, and room for a result behind them. */
const stride = 256;

/** A module that applies an operation to every item: to loads, or to locals that were loaded before. */
function applying(bytes: number, types: readonly ValueType[], result: ValueType, inLocals: boolean, apply: (...args: Code[]) => Code): CodeModule {
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

function fillItems(buffer: ArrayBufferLike, types: readonly ValueType[], bytes: number, random: Random, fix: (view: DataView, at: number) => void): void {
  const view = new DataView(buffer);
  for (let n = 0; n < cases; n++) {
    for (let k = 0; k < 3; k++) {
      for (let b = 0; b < bytes; b += 8) fill(view, input + n * stride + 64 * k + b, types[k] ?? "vector", random);
    }
    fix(view, input + n * stride);
  }
}

/** Compares native code with a model, item by item. */
function compare(name: string, module: CodeModule, bytes: number, model: (module: CodeModule, memory: ArrayBuffer) => void, floats: 0 | 4 | 8, fix: (view: DataView, at: number) => void, types: readonly ValueType[], result: ValueType): void {
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

const hex = (bytes: Uint8Array): string => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("").replace(/(.{8})/g, "$1 ").trim();

function wasm(module: CodeModule, buffer: ArrayBuffer): void {
  const heap = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  new Uint8Array(heap.buffer).set(new Uint8Array(buffer));
  const bytes = renderWasm(module, { initial: 1, maximum: 1, shared: false });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory: heap } });
  (exports.run as (...args: number[]) => void)(input, 0, cases, 0);
  new Uint8Array(buffer).set(new Uint8Array(heap.buffer));
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
