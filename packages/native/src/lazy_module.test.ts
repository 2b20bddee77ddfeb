import { call, type Code, f32x, get, i32, memory, ModuleBuilder, op, set, when } from "@heddle/tensor/code";
import { expect, test } from "vitest";
import { compileModule } from "./compile/compile.ts";
import { vectorBytes } from "./compile/target.ts";
import { findHost } from "./host/host.ts";
import { resumesOn, runsOn } from "./host/run.ts";
import { workerSource } from "./host/worker_source.ts";
import { LazyModule } from "./lazy_module.ts";

const host = findHost();
const slot = 4096;
const slotBytes = 8192;
const [source, target] = [65536, 2 * 65536];

/**
 * `run` calls `middle`, which calls `leaf` and `other`, with integers and vectors in use over the calls. `depth` functions lie between
 * them. `never` is not called.
 */
function testModule(width: number, depth: number): ModuleBuilder {
  const module = new ModuleBuilder();
  const leaf = module.func(["vector", "i32"], ["vector"], undefined, width);
  const [v, k] = leaf.params;
  leaf.emit(op("f32x.add", op("f32x.mul", get(v!), f32x(0.5)), op("f32x.convert_i32x_s", op("i32x.splat", get(k!)))));
  const other = module.func(["i32"], ["i32"], undefined, width);
  other.emit(op("i32.mul", get(other.params[0]!), i32(3)));
  const never = module.func(["i32"], [], undefined, width);
  never.emit(memory("i32.store", 0, get(never.params[0]!), i32(1)));

  const middle = module.func(["i32", "i32"], ["i32"], undefined, width);
  const [at, n] = middle.params;
  const integers = Array.from({ length: 14 }, () => middle.local("i32"));
  const vectors = Array.from({ length: 20 }, () => middle.local("vector"));
  const sum = (type: "i32" | "f32x", terms: Code[]): Code => terms.reduce((a, b) => op(`${type}.add`, a, b));
  middle.emit(
    ...integers.map((x, i) => set(x, op("i32.add", get(n!), i32(i * i)))),
    ...vectors.map((x, i) => set(x, op("f32x.mul", memory("vector.load", 0, get(at!)), f32x(i + 1)))),
    set(vectors[0]!, call(leaf, get(vectors[3]!), get(integers[5]!))),
    set(integers[0]!, call(other, get(integers[7]!))),
    memory("vector.store", target - source, get(at!), sum("f32x", vectors.map((x) => get(x)))),
    sum("i32", integers.map((x) => get(x))),
  );
  let next = middle;
  for (let i = 0; i < depth; i++) {
    const through = module.func(["i32", "i32"], ["i32"], undefined, width);
    const kept = through.local("i32");
    through.emit(
      set(kept, call(next, get(through.params[0]!), get(through.params[1]!))),
      op("i32.add", get(kept), get(through.params[1]!)),
    );
    next = through;
  }
  const run = module.func(["i32", "i32", "i32", "i32"], [], "run", width);
  const [params, begin, end, thread] = run.params;
  run.emit(
    set(begin!, call(next, get(params!), get(begin!))),
    memory("i32.store", target - source + 256, get(params!), get(begin!)),
    memory("i32.store", target - source + 260, get(params!), op("i32.sub", get(end!), get(thread!))),
    when(op("i32.lt_s", get(end!), i32(0)), call(never, get(params!))),
  );
  return module;
}

const widths = [16, 32, 64] as const;

test.skipIf(typeof host === "string")(
  "functions are compiled when they are called first, and runs complete as if they had been there",
  () => {
    if (typeof host === "string") throw new Error(host);
    const { foreign } = host;
    const heap = new WebAssembly.Memory({ initial: 4, maximum: 65536, shared: true });
    const bytes: Uint8Array = new Uint8Array(heap.buffer);
    const base = foreign.addressOf(bytes);
    const runs = runsOn(foreign, heap, false);
    const resume = resumesOn(foreign, heap, base);
    const worker = (new Function(`return ${workerSource(false)}`)() as (memory: object) => typeof runs)(heap);
    const result = (go: () => unknown): string => {
      new Float32Array(heap.buffer, source, 16).set(Array.from({ length: 16 }, (_, i) => i * 1.25 - 3));
      bytes.fill(0, target, target + 512);
      go();
      return bytes.slice(target, target + 512).toString();
    };
    for (const width of widths) {
      if (width > vectorBytes[host.target]) continue;
      // 40 frames do not fit into the copy of the stack: what lies deeper is compiled as a whole.
      for (const [depth, called] of [[0, 3], [3, 6], [40, null]] as const) {
        const module = testModule(width, depth);
        const eager = runs(foreign.map(compileModule(module, host.target, base).code), slot, "eager");
        const expected = result(() => eager(source, 7, 9, 1));
        const compiled: number[] = [];
        const start = () => {
          const lazy = new LazyModule(module, host.target, base, slotBytes, foreign);
          compiled.length = 0;
          const compile = (number: number) => {
            compiled.push(number);
            lazy.compile(number);
          };
          return { lazy, compile };
        };

        const { lazy, compile } = start();
        const run = runs(lazy.address, slot, "lazy", compile);
        for (let i = 0; i < 2; i++) expect(result(() => run(source, 7, 9, 1)), `${width}, ${depth}`).toBe(expected);
        expect(new Set(compiled).size).toBe(compiled.length);
        if (called !== null) expect(compiled.length).toBe(called);
        expect(compiled).not.toContain(3); // `never`

        // A worker leaves the run, and this thread completes it.
        const left = start();
        const inWorker = worker(left.lazy.address, slot, "worker");
        expect(
          result(() => {
            expect(inWorker(source, 7, 9, 1)).toBe(true);
            resume(left.lazy.address, slot, left.compile);
          }),
        ).toBe(expected);
        expect(result(() => expect(inWorker(source, 7, 9, 1)).toBe(undefined))).toBe(expected);

        // A run that is forgotten, or whose function cannot be compiled, does not continue later.
        const failing = start();
        const fails = runs(failing.lazy.address, slot, "fails", () => {
          throw new Error("no memory for code");
        });
        expect(() => fails(source, 1, 2, 0)).toThrow("no memory for code");
        resume(failing.lazy.address, slot, null);
        const again = runs(failing.lazy.address, slot, "again", failing.compile);
        expect(result(() => again(source, 7, 9, 1))).toBe(expected);
      }
    }
  },
);
