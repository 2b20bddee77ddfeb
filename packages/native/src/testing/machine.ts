/** Runs machine code in tests. */
import type { Run } from "@heddle/tensor/backend";
import type { CodeModule } from "@heddle/tensor/code";
import { cpuFeatures, supports, type Target } from "../host/cpu.ts";
import { foreign } from "../host/foreign.ts";
import { runsOn } from "../host/run.ts";
import { LazyModule } from "../lazy_module.ts";

/** Foreign calls, and a shared memory that reserves 4 GiB of addresses. */
export interface Machine {
  readonly memory: WebAssembly.Memory;
  readonly base: bigint;
  /** The targets that this processor runs. */
  readonly targets: readonly Target[];
  /** Whether this process may use tiles (AMX). */
  readonly tiles: boolean;
  /** Maps code as executable, and returns a function that calls it with the address of four words. */
  load(code: Uint8Array): Run;
  /** A run of a module whose functions are compiled when they are called first. The memory below 8,192 holds its stack when it is left. */
  loadLazily(module: CodeModule, target: Target): Run;
}

/** The address of the words that code is called with. */
export const slot = 64;

/** The machine, or the reason why there is none. */
export function machine(pages: number = 64): Machine | string {
  const calls = foreign();
  if (typeof calls === "string") return calls;
  const features = cpuFeatures(calls);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65536, shared: true });
  const runs = runsOn(calls, memory, false);
  const base = calls.addressOf(new Uint8Array(memory.buffer, 0, 1));
  return {
    memory,
    base,
    targets: (["avx512", "avx2"] as const).filter((target) => supports(features, target)),
    tiles: features.amxBf16 && features.avx512bf16 && calls.permitTiles(),
    load: (code) => runs(calls.map(code), slot, "test"),
    loadLazily(module, target) {
      const lazy = new LazyModule(module, target, base, 8192 - slot, calls);
      return runs(lazy.address, slot, "test", (number) => lazy.compile(number));
    },
  };
}
