import process from "node:process";
import { afterEach, expect, test } from "vitest";
import { type FunctionBuilder, ModuleBuilder } from "../../../code/module.ts";
import {
  call,
  type Code,
  get,
  i32,
  type Local,
  type Locals,
  memory,
  op,
  set,
  tee,
  when,
  whileLoop,
} from "../../../code/tree.ts";
import { hostFunctions } from "../../reference/functions.ts";
import { hostSamples, hostSource } from "./thread_source.ts";
import { defaultThreads, Engine } from "../engine.ts";
import type { CompiledModule, HostFunctions } from "../compiled_module.ts";

const engines: Engine[] = [];
afterEach(() => {
  for (const engine of engines.splice(0)) engine.close();
});

/** An engine whose threads run. */
function started(threads: number, host: HostFunctions = {}): Engine {
  const engine = new Engine(host, threads);
  engines.push(engine);
  expect(engine.ready(30_000)).toBe(true);
  return engine;
}

interface Body {
  readonly f: FunctionBuilder;
  readonly params: Local;
  readonly begin: Local;
  readonly end: Local;
  readonly thread: Local;
  /** The host function "curve", where there is one. */
  readonly curve: { readonly index: number };
}

function compile(engine: Engine, body: (site: Body) => Code[], withHost = false): CompiledModule {
  const module = new ModuleBuilder();
  const curve = withHost ? module.importFunction("curve", ["f64", "f64"], ["f64"]) : { index: -1 };
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run");
  const [params, begin, end, thread] = f.params as Locals<4>;
  f.emit(...body({ f, params, begin, end, thread, curve }));
  return engine.compile("test", () => module);
}

const times4 = (code: Code): Code => op("i32.shl", code, i32(2));
const step = (local: Local): Code => set(local, op("i32.add", get(local), i32(1)));

/** Counts the local down from a number, which takes a while. */
function busy(f: FunctionBuilder, count: number): Code[] {
  const rest = f.local("i32");
  return [set(rest, i32(count)), whileLoop(get(rest), set(rest, op("i32.sub", get(rest), i32(1))))];
}

/** Sums `curve` of the chunk's numbers into word `begin / 10` after the address in `params`. */
function sums(engine: Engine): CompiledModule {
  return compile(engine, ({ f, params, begin, end, curve }) => {
    const total = f.local("f32");
    const at = f.local("i32");
    const x = (): Code => op("f64.convert_i32_s", get(begin));
    return [
      set(at, op("i32.add", get(params), times4(op("i32.div_s", get(begin), i32(10))))),
      whileLoop(
        op("i32.lt_s", get(begin), get(end)),
        set(total, op("f32.add", get(total), op("f32.demote_f64", call(curve, x(), x())))),
        step(begin),
      ),
      memory("f32.store", 0, get(at), get(total)),
    ];
  }, true);
}

/** Adds one to every item of the words after the address in `params`; item 0 also grows the memory if asked to. */
function increment(engine: Engine, growBy = 0): CompiledModule {
  return compile(engine, ({ params, begin, end, f }) => {
    const at = f.local("i32");
    return [
      when(
        op("i32.and", op("i32.eqz", get(begin)), i32(growBy > 0 ? 1 : 0)),
        op("drop", op("memory.grow", i32(growBy))),
      ),
      whileLoop(
        op("i32.lt_s", get(begin), get(end)),
        memory(
          "i32.store",
          0,
          tee(at, op("i32.add", get(params), times4(get(begin)))),
          op("i32.add", memory("i32.load", 0, get(at)), i32(1)),
        ),
        step(begin),
      ),
    ];
  });
}

const words = (engine: Engine, pointer: number, count: number): Int32Array =>
  new Int32Array(engine.heap.bytes.buffer, pointer, count);

test("results are the same to the bit whatever the number of threads", () => {
  const helper = function helper(x: number): number {
    return Math.exp(-x / 1e4);
  };
  const host: HostFunctions = { curve: (x: number, y: number): number => x ** 0.37 / (1 + y), pow: Math.pow, helper };
  const results = [1, 2, 3, 4].map((threads) => {
    const engine = started(threads, host);
    const pointer = engine.heap.alloc(4 * 1000);
    engine.parallel(sums(engine), pointer, 9_995, 10);
    return [...words(engine, pointer, 1000)];
  });
  expect(results[0]!.slice(0, 1000).every((bits) => bits !== 0)).toBe(true);
  for (const result of results) expect(result).toEqual(results[0]);
});

test("short jobs run on the calling thread, and every item of jobs of any length runs once", () => {
  const engine = started(3);
  const pointer = engine.heap.alloc(4 * 100);
  const mark = compile(engine, ({ f, params, begin, end, thread }) => {
    const at = f.local("i32");
    return [
      whileLoop(
        op("i32.lt_s", get(begin), get(end)),
        memory("i32.store", 0, tee(at, op("i32.add", get(params), times4(get(begin)))), get(thread)),
        step(begin),
      ),
    ];
  });
  const others = Array.from({ length: 50 }, () => {
    engine.parallel(mark, pointer, 40, 10);
    return words(engine, pointer, 40).filter((thread) => thread !== 0).length;
  });
  // On a busy machine the first runs may take long, and the others are shared; a shared job has other threads sooner or later.
  expect(others.filter((count) => count === 0).length).toBeGreaterThan(25);
  const counted = increment(engine);
  for (const count of [11, 20, 35, 100]) {
    words(engine, pointer, 100).fill(0);
    for (let run = 1; run <= 8; run++) {
      engine.parallel(counted, pointer, count, 10);
      expect([...words(engine, pointer, 100)]).toEqual(Array.from({ length: 100 }, (_, i) => i < count ? run : 0));
    }
  }
});

test("every thread takes part, with its own number", () => {
  const engine = started(3);
  const pointer = engine.heap.alloc(4 * 64);
  const entry = compile(engine, ({ f, params, thread }) => {
    const at = f.local("i32");
    const count = op("i32.add", memory("i32.load", 0, get(at)), i32(1));
    return [
      set(at, op("i32.add", get(params), op("i32.shl", get(thread), i32(6)))),
      memory("i32.store", 0, get(at), count),
      ...busy(f, 20_000),
    ];
  });
  const counts = words(engine, pointer, 64).fill(0);
  const done = (): number[] => [counts[0]!, counts[16]!, counts[32]!];
  let items = 0;
  for (; items < 1e6 && Math.min(...done()) === 0; items += 200) engine.parallel(entry, pointer, 200, 1);
  expect(Math.min(...done())).toBeGreaterThan(0);
  expect(done().reduce((a, b) => a + b)).toBe(items);
});

test("ten thousand small jobs, each done once and done when the call returns", () => {
  const engine = started(4);
  const pointer = engine.heap.alloc(4 * 40);
  const entries = [increment(engine), increment(engine), increment(engine)];
  const items = words(engine, pointer, 40).fill(0);
  for (let i = 1; i <= 10_000; i++) {
    engine.parallel(entries[i % 3]!, pointer, 40, 1 + i % 2); // so many chunks that the job is shared
    if (items.some((item) => item !== i)) throw new Error(`job ${i}: ${items}`);
  }
});

test("infrequent jobs reach sleeping threads", async () => {
  const engine = started(3);
  const pointer = engine.heap.alloc(4 * 50);
  const entry = increment(engine);
  const items = words(engine, pointer, 50).fill(0);
  for (let i = 1; i <= 100; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    engine.parallel(entry, pointer, 50, 1);
    expect(items.every((item) => item === i)).toBe(true);
  }
});

test("memory may grow between jobs and during one, and threads see the new part", () => {
  const engine = started(3);
  const growing = increment(engine, 1);
  let entry = increment(engine);
  let size = 1 << 16;
  for (let round = 0; round < 30; round++) {
    size = Math.min(size * 2, 1 << 26);
    const count = size / 4;
    const pointer = engine.heap.alloc(size);
    words(engine, pointer, count).fill(round);
    engine.parallel(round % 3 === 1 ? growing : entry, pointer, count, Math.ceil(count / 16));
    const items = words(engine, pointer, count);
    expect([items[0], items[count >> 1], items[count - 1]]).toEqual([round + 1, round + 1, round + 1]);
    expect(items.indexOf(round)).toBe(-1);
    engine.heap.release(pointer, size);
    if (round % 7 === 0) entry = increment(engine); // a module whose bytes are in new memory
  }
});

test("a trap on any thread is thrown by the call after all threads have stopped", () => {
  const engine = started(3);
  const pointer = engine.heap.alloc(4 * 1000);
  const items = words(engine, pointer, 1000);
  const fine = increment(engine);
  for (const trapping of [0, 1, 2]) {
    items.fill(0);
    const entry = compile(engine, ({ f, params, begin, thread }) => [
      when(op("i32.eq", get(thread), i32(trapping)), op("unreachable")),
      ...busy(f, 20_000),
      memory("i32.store", 0, op("i32.add", get(params), times4(get(begin))), i32(1)),
    ]);
    let thrown: unknown = null;
    for (let i = 0; i < 1000 && thrown === null; i++) {
      items.fill(0);
      try {
        engine.parallel(entry, pointer, 1000, 1);
      } catch (error) {
        thrown = error;
      }
    }
    const after = items.indexOf(0);
    const done = [...items];
    expect(thrown).toBeInstanceOf(WebAssembly.RuntimeError);
    expect(after).toBeGreaterThanOrEqual(0); // not all was done
    const until = performance.now() + 5;
    while (performance.now() < until);
    expect([...items]).toEqual(done); // and no thread continues
    // The engine still works.
    items.fill(0);
    engine.parallel(fine, pointer, 1000, 1);
    expect(items.every((item) => item === 1)).toBe(true);
  }
});

test("an exception of a host function in a worker is thrown in the caller", () => {
  const engine = started(2, {
    curve(x: number, thread: number): number {
      if (x >= 0 && thread === 1) throw new RangeError(`no curve at ${x}`);
      return x;
    },
  });
  const entry = compile(engine, ({ f, begin, thread, curve }) => [
    op("drop", call(curve, op("f64.convert_i32_s", get(begin)), op("f64.convert_i32_s", get(thread)))),
    ...busy(f, 20_000),
  ], true);
  const attempt = (): void => {
    for (let i = 0; i < 1000; i++) engine.parallel(entry, 0, 50, 1);
  };
  expect(attempt).toThrow(RangeError);
  expect(attempt).toThrow(/^no curve at \d+$/);
});

test("host functions with outside references: one thread, and correct results", () => {
  const outside = { factor: 3 };
  const host: HostFunctions = { curve: (x: number): number => outside.factor * x };
  const engine = new Engine(host, 3);
  engines.push(engine);
  expect(engine.ready(30_000)).toBe(false);
  const alone = started(1, host);
  const [a, b] = [engine, alone].map((one) => {
    const pointer = one.heap.alloc(400);
    for (let i = 0; i < 20; i++) one.parallel(sums(one), pointer, 1000, 10);
    return [...words(one, pointer, 100)];
  });
  expect(a).toEqual(b);
});

test("engines are independent", () => {
  const pair = [started(2), started(3)];
  const jobs = pair.map((engine) => {
    const pointer = engine.heap.alloc(400);
    words(engine, pointer, 100).fill(0);
    return { engine, pointer, entry: increment(engine) };
  });
  for (let i = 0; i < 300; i++) for (const { engine, entry, pointer } of jobs) engine.parallel(entry, pointer, 100, 3);
  for (const { engine, pointer } of jobs) expect(words(engine, pointer, 100).every((item) => item === 300)).toBe(true);
});

test("threads start after enough work, and a closed engine continues on one thread", () => {
  const engine = new Engine({}, 2);
  engines.push(engine);
  const pointer = engine.heap.alloc(4);
  const helped = words(engine, pointer, 1).fill(0);
  const entry = compile(engine, ({ f, params, thread }) => [
    when(get(thread), memory("i32.store", 0, get(params), i32(1))),
    ...busy(f, 100_000),
  ]);
  engine.parallel(entry, pointer, 2, 1);
  expect(helped[0]).toBe(0); // far from enough
  const until = performance.now() + 30_000;
  while (helped[0] === 0 && performance.now() < until) engine.parallel(entry, pointer, 10, 1);
  expect(helped[0]).toBe(1);
  engine.close();
  helped[0] = 0;
  engine.close();
  for (let i = 0; i < 50; i++) engine.parallel(entry, pointer, 10, 1);
  expect(helped[0]).toBe(0);
  expect(engine.ready()).toBe(false);
});

test("the number of threads is HEDDLE_THREADS, or the machine's", () => {
  const before = process.env.HEDDLE_THREADS;
  try {
    process.env.HEDDLE_THREADS = "1";
    expect(defaultThreads()).toBe(1);
    expect(new Engine({}, defaultThreads()).ready(0)).toBe(true);
    process.env.HEDDLE_THREADS = "5";
    expect(defaultThreads()).toBe(5);
    process.env.HEDDLE_THREADS = "0";
    expect(defaultThreads()).toBeGreaterThan(0);
    process.env.HEDDLE_THREADS = "many";
    expect(() => defaultThreads()).toThrow(/HEDDLE_THREADS=many/);
  } finally {
    if (before === undefined) delete process.env.HEDDLE_THREADS;
    else process.env.HEDDLE_THREADS = before;
  }
});

test("invalid arguments throw", () => {
  const engine = started(2);
  const entry = increment(engine);
  expect(() => engine.parallel(entry, 0, 10, 0)).toThrow(/grain 0/);
  expect(() => engine.parallel(entry, 0, 10, NaN)).toThrow(/grain NaN/);
});

test("the functions that kernels import work in a worker, from their source alone", () => {
  const copied = new Function(`${hostSource(hostFunctions)} return host;`)() as HostFunctions;
  for (const { name, args, result } of hostSamples(hostFunctions)) expect(copied[name]!(...args), name).toBe(result);
});
