/** Reference loops for rates, on one thread: as fast as the target of the kernels, or memory, allows. */
import { Engine } from "../packages/tensor/src/backends/cpu/engine.ts";
import { type CodeModule, ModuleBuilder } from "../packages/tensor/src/code/module.ts";
import {
  branchIf,
  type Code,
  get,
  i32,
  type Local,
  loop,
  memory,
  op,
  set,
  tee,
} from "../packages/tensor/src/code/tree.ts";

const SUMS = 12;
const UNROLLED = 4;
const TURNS = 200_000;

/** A loop of only multiply-adds of vectors of float32, `turns` times. */
export interface MultiplyAdds {
  readonly run: () => void;
  /** Floating-point operations of a run. */
  readonly flops: number;
}

/** Makes the loop. Twelve independent sums hide the latency of a multiply-add on every processor of today. */
export function multiplyAdds(engine: Engine, turns: number): MultiplyAdds {
  const at = engine.heap.alloc(64 * SUMS);
  const entry = engine.compile("multiply-adds", (vectorBytes) => multiplyAddModule(engine, at, vectorBytes));
  // Runtimes recompile hot code with an optimising compiler, and native code takes the place of WebAssembly.
  for (let i = 0; i < 40; i++) engine.parallel(entry, 0, turns / 10, turns);
  return {
    run: () => engine.parallel(entry, 0, turns, turns),
    flops: turns * SUMS * UNROLLED * 2 * (entry.vectorBytes / 4),
  };
}

function multiplyAddModule(engine: Engine, at: number, vectorBytes: number): CodeModule {
  const module = new ModuleBuilder();
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run", vectorBytes);
  const left = f.params[2] as Local;
  const sums = Array.from({ length: SUMS }, () => f.local("vector"));
  const [x, y] = [f.local("vector"), f.local("vector")];
  // The sum is a factor, so that no compiler can take the product out of the loop.
  const madd = (sum: Local): Code =>
    engine.features.relaxedMadd
      ? op("f32x.relaxed_madd", get(x), get(sum), get(y))
      : op("f32x.add", op("f32x.mul", get(x), get(sum)), get(y));
  f.emit(
    loop(
      Array.from(
        { length: UNROLLED },
        () => sums.map((sum) => set(sum, madd(sum))),
      ),
      branchIf(0, tee(left, op("i32.sub", get(left), i32(1)))),
    ),
    sums.map((sum, i) => memory("vector.store", vectorBytes * i, i32(at), get(sum))),
  );
  return module;
}

let peak: MultiplyAdds | null = null;

/** GFLOP/s of only multiply-adds, by the target that kernels are compiled for. */
export function multiplyAddRates(): number[] {
  const { run, flops } = peak ??= multiplyAdds(new Engine({}, 1), TURNS);
  return rates(run, flops);
}

let copy: (() => void) | null = null;
const COPIED = 4_000_000;

/** GB/s, read and written, of copying 4 M float32. */
export function copyRates(): number[] {
  if (copy === null) {
    const [from, to] = [
      new Float32Array(COPIED).fill(1),
      new Float32Array(COPIED),
    ];
    copy = () => to.set(from);
    copy();
  }
  return rates(copy, 8 * COPIED);
}

function rates(run: () => void, amount: number): number[] {
  return Array.from({ length: 5 }, () => {
    const start = performance.now();
    run();
    return amount / (performance.now() - start) / 1e6;
  });
}
