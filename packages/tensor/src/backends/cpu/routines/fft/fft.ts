/** The routine `fft`: discrete Fourier transforms of rows (docs/decisions/014-fft.md). */
import { itemSize } from "../../../../dtype.ts";
import type { Attrs } from "../../../../prims/attrs.ts";
import { sizeOf } from "../../../../shape.ts";
import type { Engine } from "../../engine.ts";
import { cachedModule } from "../module_cache.ts";
import type { CpuOperand } from "../operand.ts";
import { atOnce, contiguousInputs, contiguousOutput, inDType } from "../operand_copies.ts";
import { tablesFor } from "../table_cache.ts";
import { type FftDType, lanesOf, vectorBytes } from "./complex_vectors.ts";
import { fftModule, fftParams } from "./fft_module.ts";
import { chirpOf, chirpSpectrum, type FftPlan, halvesFactors, mergeFactors, planOf, stageFactors } from "./fft_plan.ts";
import { type Direction, stageWords, unrolledRadices } from "./fft_stages.ts";

/** The approximate number of complex numbers per chunk. */
const grain = 8192;

/** The addresses of a plan's constants in the heap. */
interface Tables {
  readonly stages: number;
  readonly merge: number;
  readonly chirp: number;
  readonly spectrum: number;
  readonly one: number;
}

/** The constants of a plan for n complex numbers, cached in the heap. */
function tablesOf(engine: Engine, dtype: FftDType, n: number, plan: FftPlan, direction: Direction): Tables {
  return tablesFor(engine, `fft ${dtype} ${n} ${direction}`, (put) => {
    const floats = floatsInto(dtype, put);
    const stages: number[] = [];
    let [m, s] = [plan.m, 1];
    for (const radix of plan.radices) {
      m /= radix;
      const loose = !(unrolledRadices as readonly number[]).includes(radix);
      const { factors, roots } = stageFactors(radix, m, direction);
      stages.push(radix, m, s, m > 1 || loose ? floats(factors) : 0, loose ? floats(roots) : 0);
      s *= radix;
    }
    const chirp = plan.method === "chirp" ? chirpOf(n, direction) : null;
    return {
      // A plan of one point has no stages.
      stages: put(Int32Array.from(stages.length > 0 ? stages : new Array<number>(stageWords).fill(0))),
      merge: plan.method === "several" ? 0 : floats(mergeFactors(plan, lanesOf(dtype), direction)),
      chirp: chirp === null ? 0 : floats(chirp),
      spectrum: chirp === null ? 0 : floats(chirpSpectrum(chirp, plan.length, direction)),
      one: chirp === null ? 0 : put(new Int32Array(Float64Array.of(1).buffer)),
    };
  });
}

/** Copies numbers to the heap in the dtype. */
function floatsInto(dtype: FftDType, put: (table: Int32Array) => number): (values: ArrayLike<number>) => number {
  return (values) => put(new Int32Array((dtype === "float32" ? Float32Array : Float64Array).from(values).buffer));
}

function transform(engine: Engine, x: CpuOperand, out: CpuOperand, dtype: FftDType, attrs: Attrs["fft"]): void {
  const { kind, n: points, direction, scale } = attrs;
  const n = kind === "complex" ? points : points / 2;
  const rows = sizeOf(x.shape.slice(0, kind === "fromReal" ? -1 : -2));
  if (rows === 0) return;
  const lanes = lanesOf(dtype);
  const bytes = vectorBytes / lanes;
  const plan = planOf(n, lanes);
  const { method, length, m, radices } = plan;
  const tables = tablesOf(engine, dtype, n, plan, direction);
  const halves = kind === "complex" ? 0 : tablesFor(
    engine,
    `fft halves ${dtype} ${points} ${direction}`,
    (put) => floatsInto(dtype, put)([...halvesFactors(points, direction), 0, 0]),
  );
  const fused = engine.features.relaxedMadd;
  const entry = cachedModule(
    engine,
    `fft ${dtype} ${direction} ${kind} ${method}`,
    (wide) => fftModule(dtype, direction, kind, method, fused || wide > 16),
  );
  // At the start of each thread's memory are the turned rows of half spectra, then the buffers of the stages.
  const group = method === "several" ? lanes : 1;
  const turnedBytes = kind === "toReal" ? Math.ceil(group * n * bytes / 64) * 64 : 0;
  const a = turnedBytes;
  const b = a + m * vectorBytes;
  const c = b + m * vectorBytes;
  const scratch = c + (method === "chirp" ? length * bytes : 0);
  const workBytes = Math.ceil((scratch + Math.max(...radices, 1) * vectorBytes) / 64) * 64;
  const scaleWords = new Int32Array(Float64Array.of(scale).buffer);
  const rowBytes = (operand: CpuOperand): number => sizeOf(operand.shape) / rows * itemSize(dtype);
  const work = engine.heap.borrow(workBytes * engine.threads);
  try {
    const params = fftParams.write(engine, {
      scaleLow: scaleWords[0]!,
      scaleHigh: scaleWords[1]!,
      x: x.pointer,
      xRow: rowBytes(x),
      out: out.pointer,
      outRow: rowBytes(out),
      n,
      length,
      m,
      ...tables,
      count: radices.length,
      halves,
      work,
      workBytes,
      a,
      b,
      c,
      scratch,
    });
    engine.parallel(entry, params, rows, Math.ceil(grain / length / group) * group);
  } finally {
    engine.heap.giveBack(work);
  }
}

/** The routine `fft`. */
export function fft(
  engine: Engine,
  inputs: readonly CpuOperand[],
  outputs: readonly CpuOperand[],
  attrs: Attrs["fft"],
): void {
  const dtype: FftDType = outputs[0]!.dtype === "float64" ? "float64" : "float32";
  inDType(
    atOnce(engine),
    dtype,
    inputs,
    outputs,
    (inputs, [out]) =>
      contiguousInputs(
        atOnce(engine),
        inputs,
        ([x]) => contiguousOutput(atOnce(engine), out!, (out) => transform(engine, x!, out, dtype, attrs)),
      ),
  );
}
