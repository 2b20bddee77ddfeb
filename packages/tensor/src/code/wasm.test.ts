import { expect, test } from "vitest";
import { ModuleBuilder } from "./module.ts";
import {
  call,
  type Code,
  f32,
  f32x,
  f64,
  get,
  i32,
  i64,
  lane,
  memory,
  memoryLane,
  op,
  set,
  whileLoop,
} from "./tree.ts";
import { renderWasm } from "./wasm.ts";
import {
  laneOperations,
  memoryLaneOperations,
  type MemoryOperation,
  memoryOperations,
  type Operation,
  operations,
  partStores,
  type ValueType,
} from "./operations.ts";

const limits = { initial: 1, maximum: 1, shared: false };

// One memory for all modules: Bun collects all garbage whenever it creates one.
const page = new WebAssembly.Memory({ initial: 1, maximum: 1 });

function instantiate(
  builder: ModuleBuilder,
): { exports: Record<string, (...args: never[]) => number>; memory: WebAssembly.Memory } {
  new Uint8Array(page.buffer).fill(0);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(renderWasm(builder, limits)), {
    env: { memory: page, twice: (x: number) => 2 * x },
  });
  return { exports: instance.exports as never, memory: page };
}

test("functions, locals, loops and memory", () => {
  const module = new ModuleBuilder();
  const sum = module.func(["i32", "i32"], ["f32"], "sum");
  const [at, count] = sum.params as [typeof sum.params[0], typeof sum.params[0]];
  const total = sum.local("f32");
  sum.emit(
    whileLoop(
      op("i32.gt_s", get(count), i32(0)),
      set(total, op("f32.add", get(total), memory("f32.load", 0, get(at)))),
      set(at, op("i32.add", get(at), i32(4))),
      set(count, op("i32.sub", get(count), i32(1))),
    ),
    get(total),
  );
  const { exports, memory: heap } = instantiate(module);
  new Float32Array(heap.buffer).set([1, 2, 3, 4.5], 4);
  expect(exports.sum!(16 as never, 4 as never)).toBe(10.5);
});

test("constants of every size survive their encoding", () => {
  for (const value of [0, 1, -1, 63, 64, -64, -65, 127, 128, 2 ** 31 - 1, -(2 ** 31)]) {
    const module = new ModuleBuilder();
    module.func([], ["i32"], "value").emit(i32(value));
    expect(instantiate(module).exports.value!()).toBe(value);
  }
  const module = new ModuleBuilder();
  module.func([], ["i64"], "value").emit(i64(-(2n ** 63n)));
  expect(instantiate(module).exports.value!() as unknown).toBe(-(2n ** 63n));
});

test("imports and vectors", () => {
  const module = new ModuleBuilder();
  const twice = module.importFunction("twice", ["f32"], ["f32"]);
  const f = module.func([], ["f32"], "f");
  f.emit(lane("f32x.extract_lane", 2, op("f32x.mul", f32x(3), op("f32x.splat", call(twice, f32(7))))));
  expect(instantiate(module).exports.f!()).toBe(42);
  expect(() => module.importFunction("late", [], [])).toThrow(/before/);
});

/** The types of an instruction's operands, from its name. */
function operandTypes(name: string): ValueType[] | null {
  const [type, what] = name.split(".") as [string, string | undefined];
  if (what === undefined) return null;
  const vector = (t: string) => t.includes("x") || t === "vector";
  const own = (vector(type) ? "vector" : type) as ValueType;
  if (what === "bitselect" || what.startsWith("relaxed_")) return ["vector", "vector", "vector"];
  if (what === "splat") {
    return [type.startsWith("i8") || type.startsWith("i16") ? "i32" : type.split("x")[0] as ValueType];
  }
  if (vector(type) && /^sh[lr]/.test(what)) return ["vector", "i32"];
  if (what.startsWith("extmul")) return ["vector", "vector"];
  const from = what.match(/_(?:low_|high_)?([if]\d+x?)(?:_|$)/)?.[1];
  if (from !== undefined) {
    return what.startsWith("narrow") ? ["vector", "vector"] : [(vector(from) ? "vector" : from) as ValueType];
  }
  const unary = /^(eqz|clz|ctz|abs|neg|ceil|floor|trunc|nearest|sqrt|not|any_true|all_true|bitmask)$/.test(what);
  return unary ? [own] : [own, own];
}

const zero: Record<ValueType, Code> = {
  i32: i32(0),
  i64: i64(0n),
  f32: f32(0),
  f64: f64(0),
  vector: f32x(0),
};

test("every opcode is an instruction of its name's types", () => {
  for (const name of Object.keys(operations) as Operation[]) {
    const types = operandTypes(name);
    if (types === null || name.includes("relaxed") || name === "memory.grow") continue;
    const module = new ModuleBuilder();
    module.func([], []).emit(op("drop", op(name, ...types.map((type) => zero[type]))));
    expect(WebAssembly.validate(renderWasm(module, limits)), name).toBe(true);
  }
  const valid = (code: Code): boolean => {
    const module = new ModuleBuilder();
    module.func([], []).emit(code);
    return WebAssembly.validate(renderWasm(module, limits));
  };
  for (const name of [...Object.keys(memoryOperations), ...Object.keys(partStores)] as MemoryOperation[]) {
    const type = name.split(".")[0] as ValueType;
    const code = name.includes("store") ? memory(name, 8, i32(0), zero[type]) : op("drop", memory(name, 8, i32(0)));
    expect(valid(code), name).toBe(true);
  }
  for (const name of Object.keys(memoryLaneOperations) as (keyof typeof memoryLaneOperations)[]) {
    const code = memoryLane(name, 8, 1, i32(0), zero.vector);
    expect(valid(name.includes("store") ? code : op("drop", code)), name).toBe(true);
  }
  for (const name of Object.keys(laneOperations) as (keyof typeof laneOperations)[]) {
    const element = zero[name.split("x")[0] as ValueType];
    const code = name.includes("replace") ? lane(name, 1, zero.vector, element) : lane(name, 1, zero.vector);
    expect(valid(op("drop", code)), name).toBe(true);
  }
});
