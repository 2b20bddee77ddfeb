import { get, memory, ModuleBuilder, op } from "@heddle/tensor/code";
import { expect, test } from "vitest";
import { compileModule } from "../compile/compile.ts";
import { findHost } from "./host.ts";
import { runsOn } from "./run.ts";
import { workerSource } from "./worker_source.ts";

const host = findHost();

test.skipIf(typeof host === "string")(
  "a run that leaves the memory throws an error that names the kernel, in workers too",
  () => {
    if (typeof host === "string") throw new Error(host);
    const { foreign, target } = host;
    const heap = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
    const module = new ModuleBuilder();
    const f = module.func(["i32", "i32", "i32", "i32"], [], "run", 16);
    f.emit(memory("i32.store", 0, get(f.params[0]!), op("i32.add", get(f.params[1]!), get(f.params[2]!))));
    const base = foreign.addressOf(new Uint8Array(heap.buffer, 0, 1));
    const code = foreign.map(compileModule(module, target, base, { checked: true }).code);
    // The worker's source runs in this thread as well.
    const inWorker = new Function(`return ${workerSource(true)}`)() as (memory: object) => ReturnType<typeof runsOn>;
    for (const runs of [runsOn(foreign, heap, true), inWorker(heap)]) {
      const run = runs(code, 64, "sum of two");
      const leaves = new RangeError("sum of two: native code leaves the memory of 2 pages in the items 3 to 9");
      run(1024, 3, 10, 0);
      expect(new Int32Array(heap.buffer)[256]).toBe(13);
      for (const at of [2 * 65536, 2 * 65536 - 3, -4]) expect(() => run(at, 3, 10, 0)).toThrow(leaves);
      run(2 * 65536 - 4, 3, 10, 0);
    }
  },
);
