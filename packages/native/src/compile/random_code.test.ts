import process from "node:process";
import { expect, test } from "vitest";
import type { CodeModule } from "@heddle/tensor/code";
import { interpret } from "@heddle/tensor/code";
import { renderWasm } from "@heddle/tensor/code";
import { machine } from "../testing/machine.ts";
import { area, randomModule } from "../testing/random_code.ts";
import { Random } from "../testing/values.ts";
import { compileModule, type CompileOptions } from "./compile.ts";
import { vectorBytes } from "./target.ts";

const native = machine();
const bytes = 65536;

// One memory for all modules: Bun collects all garbage whenever it creates one.
const page = new WebAssembly.Memory({ initial: 1, maximum: 1 });

/** The beginning of the memory after a run. */
function wasm(module: CodeModule, before: Uint8Array): Uint8Array {
  new Uint8Array(page.buffer).set(before);
  const binary = renderWasm(module, { initial: 1, maximum: 1, shared: false });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory: page } });
  (exports.run as (...args: number[]) => void)(1, 2, 3, 4);
  return new Uint8Array(page.buffer).slice();
}

function interpreted(module: CodeModule, before: Uint8Array): Uint8Array {
  const buffer = new ArrayBuffer(bytes);
  new Uint8Array(buffer).set(before);
  interpret(module, { memory: () => buffer }).run!(1, 2, 3, 4);
  return new Uint8Array(buffer);
}

/** Registers enough, and few. */
const choices: readonly CompileOptions["registers"][] = [
  {},
  { general: 3, vector: 5, mask: 2 },
  { general: 1, vector: 2, mask: 1 },
  { general: 0, vector: 0, mask: 0 },
  { general: 11, vector: 8, mask: 0 },
];

function compare(seed: number, width: number, model: typeof wasm): number {
  if (typeof native === "string") throw new Error(native);
  const random = new Random(seed);
  const module = randomModule(random, width, model === interpreted);
  const before = new Uint8Array(bytes);
  for (let i = area.start; i < area.start + area.bytes; i++) {
    // The interpreter works on JavaScript's numbers, which do not keep the bits of signaling NaN.
    before[i] = model === wasm ? random.bits() : random.bits() & 0x3f;
  }
  const expected = model(module, before);
  let spills = 0;
  for (const target of native.targets) {
    if (width > vectorBytes[target]) continue;
    for (const registers of [...choices, "lazily"] as const) {
      let run;
      if (registers === "lazily") {
        run = native.loadLazily(module, target);
      } else {
        const compiled = compileModule(module, target, native.base, { registers });
        spills += compiled.spills[1]!;
        run = native.load(compiled.code);
      }
      const heap: Uint8Array = new Uint8Array(native.memory.buffer);
      heap.set(before.subarray(area.start, bytes), area.start);
      run(1, 2, 3, 4);
      for (let i = area.start; i < bytes; i++) {
        if (heap[i] !== expected[i]) {
          expect.fail(
            `seed ${seed}, ${target}, ${width} bytes, registers ${JSON.stringify(registers)}: byte ${i} is ${
              heap[i]
            }, not ${expected[i]}`,
          );
        }
      }
    }
  }
  return spills;
}

function sweep(first: number, count: number): void {
  let spills = 0;
  for (let seed = first; seed < first + count; seed++) spills += compare(seed, 16, wasm);
  expect(spills).toBeGreaterThan(count);
  // On Bun the interpreter, which works on JavaScript's numbers, loses bits of NaN. The machine code is the same on all runtimes.
  if ("bun" in process.versions) return;
  for (const width of [32, 64]) {
    for (let seed = first; seed < first + count / 4; seed++) compare(seed, width, interpreted);
  }
}

test.skipIf(typeof native === "string")("random code as in WebAssembly, with few registers too", () => sweep(1, 60));

test.skipIf(typeof native === "string")(
  "much random code as in WebAssembly",
  { tags: ["long"] },
  () => sweep(1000, 200),
);
