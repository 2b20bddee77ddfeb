/** Native code for the device "cpu". */
import {
  type NativeCode,
  type NativeFunction,
  type NativeMemory,
  nativeSlotBytes,
  type Run,
} from "@heddle/tensor/backend";
import { type CodeModule, renderWasm } from "@heddle/tensor/code";
import { compileModule } from "./compile/compile.ts";
import { Unsupported, vectorBytes } from "./compile/target.ts";
import { checksAddresses, nativeSetting } from "./env.ts";
import type { Foreign } from "./host/foreign.ts";
import { findHost, type Host } from "./host/host.ts";
import { memoryRefusal, reservedBytes } from "./host/memory.ts";
import { resumesOn, type Runs, runsOn } from "./host/run.ts";
import { scratchStart, type SelfTest, selfTest } from "./host/self_test.ts";
import { workerSource } from "./host/worker_source.ts";
import { LazyModule } from "./lazy_module.ts";
import {
  type KernelRecord,
  type KernelReport,
  nativeReport,
  reportAmx,
  reportKernel,
  reportUse,
  showKernel,
  showReport,
} from "./report.ts";
import { testedCount, testedModule, testedTiles, testedTilesModule } from "./tested_module.ts";

/** A module runs this often as WebAssembly before it is compiled, so that short programs do not wait for the compiler. */
const afterRuns = 4;

/** A memory, with the address of its beginning. */
interface Attached {
  readonly base: bigint;
  readonly runs: Runs;
  /** Completes what runs of other threads left. */
  readonly resume: ReturnType<typeof resumesOn>;
}

/** Compiles modules for a host. */
class Native implements NativeCode {
  readonly target: NativeCode["target"];
  readonly afterRuns: number;
  readonly workerSource: string;
  private readonly checked: boolean;
  private readonly host: Host;
  private readonly memories: WeakMap<object, Attached> = new WeakMap();
  private readonly log: (line: string) => void;
  private tiled: boolean | null = null;

  constructor(host: Host, log: (line: string) => void) {
    this.host = host;
    this.log = log;
    this.checked = checksAddresses();
    this.workerSource = workerSource(this.checked);
    // A forced target is there from the first run on, for tests and measurements.
    this.afterRuns = nativeSetting() === "auto" ? afterRuns : 0;
    this.target = { name: host.target, vectorBytes: vectorBytes[host.target] };
  }

  /** The system is asked when a product wants tiles, as permission makes the stacks of signal handlers larger. */
  tiles(): boolean {
    if (this.tiled === null) {
      const refused = this.host.tilesRefused ?? tilesFail(this.host.foreign);
      reportAmx(refused);
      if (refused !== null) this.log(`heddle native: no AMX: ${refused}`);
      this.tiled = refused === null;
    }
    return this.tiled;
  }

  prepare(memory: NativeMemory): void {
    if (memoryRefusal(memory.memory.buffer, memory.maximumPages) === null) this.attached(memory);
  }

  compile(
    module: CodeModule,
    key: string,
    memory: NativeMemory,
    slot: number,
  ): NativeFunction | null {
    const begin = performance.now();
    const record = (kernel: Pick<KernelReport, "state" | "bytes" | "reason">) => {
      const report = reportKernel({ key, compileMs: performance.now() - begin, ...kernel });
      this.log(showKernel(report));
      return report;
    };
    const { foreign, target } = this.host;
    try {
      const { base, runs, resume } = this.attached(memory);
      // A forced target compiles all functions, so that tests find those that cannot be compiled. Imports cannot.
      if (this.afterRuns === 0 || this.checked || module.imports.length > 0) {
        const { code } = compileModule(module, target, base, { checked: this.checked });
        const address = foreign.map(code);
        const report = record({ state: "native", bytes: code.length });
        return { address, run: counted(report, runs(address, slot, key)), settle: () => {} };
      }
      const lazy = new LazyModule(module, target, base, nativeSlotBytes, foreign);
      const report = record({ state: "native", bytes: lazy.bytes });
      const compile = (number: number): void => {
        const begin = performance.now();
        lazy.compile(number);
        report.bytes = lazy.bytes;
        report.compileMs += performance.now() - begin;
      };
      return {
        address: lazy.address,
        run: counted(report, runs(lazy.address, slot, key, compile)),
        settle: (slot, complete) => resume(lazy.address, slot, complete ? compile : null),
      };
    } catch (error) {
      // A fault of the compiler, or a system that gives no more pages, costs speed and nothing else, unless a run has begun. A forced target shows it.
      const expected = error instanceof Unsupported || error instanceof Refused;
      if (!expected && this.afterRuns === 0) throw error;
      record({ state: "wasm", bytes: 0, reason: error instanceof Error ? error.message : String(error) });
      return null;
    }
  }

  private attached({ memory, maximumPages }: NativeMemory): Attached {
    const refusal = memoryRefusal(memory.buffer, maximumPages);
    if (refusal !== null) throw new Refused(refusal);
    let attached = this.memories.get(memory);
    if (attached === undefined) {
      const { foreign } = this.host;
      const base = foreign.addressOf(new Uint8Array(memory.buffer, 0, 1));
      attached = {
        base,
        runs: runsOn(foreign, memory, this.checked),
        resume: resumesOn(foreign, memory, base),
      };
      // Products of large matrices otherwise spend a tenth of their time and more translating addresses.
      foreign.useLargePages(base, reservedBytes);
      this.memories.set(memory, attached);
    }
    return attached;
  }
}

/** Counts runs. */
function counted(report: KernelRecord, run: Run): Run {
  return (params, begin, end, thread) => {
    report.runs++;
    run(params, begin, end, thread);
  };
}

/** Native code cannot work on a memory. */
class Refused extends Error {}

/** The self-test: a module that uses most kinds of instructions, compared with WebAssembly. */
function selfTests({ target }: Host): SelfTest[] {
  const values = [
    0,
    -0,
    1,
    -1.5,
    2.5,
    Infinity,
    -Infinity,
    1e-40,
    3.4e38,
    -7.25,
    0.1,
    2 ** 31,
    -(2 ** 33),
    100.5,
    1e-3,
    65504,
  ];
  const before = new Uint8Array(8 * testedCount);
  new Float32Array(before.buffer, 0, testedCount).set(values);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  new Uint8Array(memory.buffer).set(before, scratchStart);
  const bytes = renderWasm(testedModule(16), { initial: 1, maximum: 1, shared: false });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  (exports.run as (...args: number[]) => void)(scratchStart, 0, testedCount, 0);
  const after = new Uint8Array(memory.buffer).slice(scratchStart, scratchStart + before.length);
  const code = (base: bigint) => compileModule(testedModule(vectorBytes[target]), target, base).code;
  return [{ name: target, params: scratchStart, begin: 0, end: testedCount, before, after, code }];
}

/** Why tiles cannot be used: the system does not permit it, or a product of small whole numbers differs. */
function tilesFail(foreign: Foreign): string | null {
  if (!foreign.permitTiles()) return "the system refuses it (arch_prctl)";
  const { a, b, sum, end } = testedTiles;
  const before = new Uint8Array(end);
  const halves = new Uint16Array(before.buffer);
  const after = new Uint8Array(end);
  // Row i of the first factor holds 1, i and zeros; the second has rows of 2 and of the column's number.
  const float = new Float32Array(1);
  const bfloat16 = (value: number): number => {
    float[0] = value;
    return new Uint32Array(float.buffer)[0]! >>> 16;
  };
  for (let i = 0; i < 16; i++) {
    halves.set([1, i].map(bfloat16), a / 2 + 32 * i);
    halves.set([2, i].map(bfloat16), b / 2 + 2 * i);
  }
  after.set(before);
  new Float32Array(after.buffer, sum).forEach((_, at, sums) => sums[at] = 2 + (at >> 4) * (at & 15));
  const code = (base: bigint) => compileModule(testedTilesModule(), "avx512", base).code;
  return selfTest(foreign, [{ name: "amx", params: scratchStart, begin: 0, end: 1, before, after, code }]);
}

/**
 * Finds out whether there is native code, and tests it.
 *
 * @returns null if there is none; the report says why
 */
export function startNative(log: (line: string) => void): NativeCode | null {
  const found = findHost();
  let reason = typeof found === "string" ? found : null;
  if (typeof found !== "string") {
    try {
      reason = selfTest(found.foreign as Foreign, selfTests(found));
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  const native = typeof found === "string" || reason !== null ? null : new Native(found, log);
  reportUse(
    native === null ? { reason: reason! } : {
      target: (found as Host).target,
      runtime: (found as Host).foreign.runtime,
      checked: checksAddresses(),
    },
  );
  log(showReport(nativeReport()));
  return native;
}
