/** The source text of the workers. It is text, so that it reaches the worker without a path, whatever bundler processed the program. */
import { controlBytes, errorUnits, word } from "./thread_control.ts";
import type { HostFunctions } from "../compiled_module.ts";
import { nativeMagic, nativeRecordBytes, nativeSlotBytes } from "../native_code.ts";

/** The data that a worker starts with. */
export interface WorkerStart {
  readonly memory: WebAssembly.Memory;
  /** Address of the control words. */
  readonly control: number;
  /** The number of the thread. The caller is 0. */
  readonly thread: number;
  readonly spinMs: number;
  /** Arguments and results of the caller's host functions, by name. */
  readonly samples: readonly HostSample[];
}

/** Arguments and the result of a host function; null if it throws. */
export interface HostSample {
  readonly name: string;
  readonly args: readonly number[];
  readonly result: number | null;
}

const sampleArguments: readonly (readonly number[])[] = [[0.75, 2, 3], [-1.5, 0.25, -7], [4.1, -3, 0.5]];

/** Samples with which workers check that their host functions agree with the caller's. */
export function hostSamples(host: HostFunctions): HostSample[] {
  return Object.entries(host).flatMap(([name, f]) =>
    sampleArguments.map((args) => {
      try {
        return { name, args, result: f(...args) };
      } catch {
        return { name, args, result: null };
      }
    })
  );
}

/**
 * The host functions as source text: those of `Math` by name, others by their source. They may use their parameters, globals, and
 * each other if they are declared as functions. The samples detect any other reference.
 */
export function hostSource(host: HostFunctions): string {
  const math = new Map(Object.getOwnPropertyNames(Math).map((name) => [Reflect.get(Math, name) as unknown, name]));
  const declared = new Set<string>();
  const rows = Object.entries(host).map(([name, f]) => {
    const builtin = math.get(f);
    if (builtin !== undefined) return `${JSON.stringify(name)}: Math.${builtin}`;
    const source = f.toString();
    if (source.includes("[native code]")) throw new Error(`the host function "${name}" has no source to copy`);
    const declaration = /^function\s+([\w$]+)/.exec(source)?.[1];
    if (declaration === undefined) {
      const expression = /^(function|\(|[\w$]+\s*=>)/.test(source);
      return `${JSON.stringify(name)}: ${expression ? `(${source})` : `Object.values({ ${source} })[0]`}`; // otherwise it is a method
    }
    declared.add(source);
    return `${JSON.stringify(name)}: ${declaration}`;
  });
  // esbuild wraps nested functions in `__name` to keep their names.
  return `const __name = (f) => f;\n${[...declared].join("\n")}\nconst host = {${rows.join(",\n")}};`;
}

/** The body of a worker's function of {@link WorkerStart} (named `data`). `native` is the source of calls to native code. */
export function workerSource(host: HostFunctions, native: string | null): string {
  return `"use strict";
${hostSource(host)}
const { memory, control, thread, spinMs, samples } = data;
const c = new Int32Array(memory.buffer, control, ${controlBytes / 4});
const runs = [];
const nativeCalls = ${native ?? "null"};
let callsOf = null;

function compile(pointer, length, pages) {
  try {
    if (!reach(pages)) return undefined;
    const bytes = new Uint8Array(memory.buffer, pointer, length).slice();
    const view = new DataView(bytes.buffer);
    if (view.getUint32(0) === ${nativeMagic}) {
      callsOf ??= nativeCalls(memory);
      const key = new TextDecoder().decode(bytes.subarray(${nativeRecordBytes}));
      return callsOf(view.getBigUint64(8, true), view.getUint32(4, true) + ${nativeSlotBytes} * thread, key);
    }
    return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory, ...host } }).exports.run;
  } catch {
    Atomics.add(c, ${word.refused}, 1);
    return null;
  }
}

// Another thread's growth of the memory may become visible late. Growing by 0 pages makes it visible.
function reach(pages) {
  if (memory.buffer.byteLength >= pages * 65536) return true;
  memory.grow(0);
  return memory.buffer.byteLength >= pages * 65536;
}

function enter(job) {
  Atomics.add(c, ${word.active}, 1);
  if (Atomics.load(c, ${word.job}) === job) return true;
  leave();
  return false;
}

function leave() {
  if (Atomics.sub(c, ${word.active}, 1) === 1 && Atomics.load(c, ${word.waiting}) !== 0) Atomics.notify(c, ${word.active});
}

function work(job) {
  if (!enter(job)) return;
  const entry = c[${word.entry}];
  if (runs[entry] === undefined) {
    const pointer = c[${word.code}] >>> 0, length = c[${word.codeLength}], pages = c[${word.pages}];
    leave(); // the caller does not wait for a compilation
    runs[entry] = compile(pointer, length, pages);
    if (!enter(job)) return;
  }
  const run = runs[entry];
  try {
    if (run && reach(c[${word.pages}])) {
      const params = c[${word.params}], chunks = c[${word.chunks}];
      const count = c[${word.count}] >>> 0, grain = c[${word.grain}] >>> 0;
      for (let i = Atomics.add(c, ${word.next}, 1); i < chunks; i = Atomics.add(c, ${word.next}, 1)) {
        if (run(params, i * grain, Math.min(count, (i + 1) * grain), thread)) break; // the caller completes the chunk
      }
    }
  } catch (error) {
    report(error);
  }
  leave();
}

function report(error) {
  Atomics.store(c, ${word.next}, c[${word.chunks}]); // no thread begins another chunk
  if (Atomics.compareExchange(c, ${word.failed}, 0, 1) !== 0) return;
  let text = "Error";
  try {
    text = String(error);
  } catch { /* the error stays unnamed */ }
  const length = Math.min(text.length, ${errorUnits});
  for (let i = 0; i < length; i++) c[${word.error} + i] = text.charCodeAt(i);
  c[${word.errorLength}] = length;
}

let spinPays = true;

// Returns the next open job, or 0 at the end. Spins first only if the last job came soon enough: another program, or the caller,
// may need the core.
function awaitJob(done) {
  const begin = performance.now();
  const until = begin + (spinPays ? spinMs : 0);
  for (;;) {
    let job = 0;
    for (let i = 0; i < 32; i++) {
      job = Atomics.load(c, ${word.job});
      if ((job & 1) === 0 || job === done) continue;
      spinPays = performance.now() - begin < 2 * spinMs;
      return job;
    }
    if (Atomics.load(c, ${word.stop}) !== 0) return 0;
    if (performance.now() < until) continue;
    Atomics.add(c, ${word.sleeping}, 1);
    Atomics.wait(c, ${word.job}, job);
    Atomics.sub(c, ${word.sleeping}, 1);
  }
}

let fit = true;
for (const { name, args, result } of samples) {
  let mine = null;
  try {
    mine = host[name](...args);
  } catch { /* as there */ }
  fit = fit && Object.is(mine, result);
}
if (fit) {
  Atomics.add(c, ${word.ready}, 1);
  Atomics.notify(c, ${word.ready});
  for (let job = awaitJob(0); job !== 0; job = awaitJob(job)) work(job);
} else {
  Atomics.add(c, ${word.unfit}, 1);
  Atomics.notify(c, ${word.ready});
}
`;
}
