/** Rendered kernels that are compiled and ready to launch. */
import type { Scalar } from "@heddle/tensor";
import type { CompiledKernel } from "../commands/pipeline_cache.ts";
import type { Engine } from "../device/engine.ts";
import { scalarWord } from "../render/expression.ts";
import type { RenderedKernel } from "../render/rendered_kernel.ts";

/** A compiled kernel and the words of its params, which each launch updates. */
export interface PreparedKernel extends Pick<RenderedKernel, "words" | "offsetsAt" | "scalarsAt" | "scalars"> {
  readonly compiled: CompiledKernel;
  /** Workgroups in two dimensions. */
  readonly x: number;
  readonly y: number;
}

/** Compiles a rendered kernel that reads and writes the given numbers of buffers. */
export function prepareKernel(engine: Engine, rendered: RenderedKernel, reads: number, writes: number): PreparedKernel {
  const { key, source, words, offsetsAt, scalarsAt, scalars, workgroups } = rendered;
  const compiled = engine.recorder.pipelines.get(key, reads, writes, source);
  const [x, y] = engine.dispatchSize(workgroups);
  return { compiled, words, offsetsAt, scalarsAt, scalars, x, y };
}

/** Writes the scalars of a launch into the words of the params. */
export function setScalars({ words, scalarsAt, scalars }: PreparedKernel, given: readonly Scalar[]): void {
  for (let i = 0; i < scalars.length; i++) {
    const { index, dtype } = scalars[i]!;
    words[scalarsAt + i] = scalarWord(given[index]!, dtype);
  }
}
