/** Launches a kernel from named operands and params. */
import type { DType } from "@heddle/tensor";
import type { GpuContext } from "../../gpu_context.ts";
import { declareInput, declareOutput, declareParams, declareQuads } from "../../render/buffer_access.ts";
import { entryPoint, threadIndex } from "../../render/index_math.ts";
import { moduleHeader } from "../../render/wgsl_types.ts";
import { type Params, paramWords } from "./params.ts";

/** A buffer and the dtype of its elements. */
export interface BoundBuffer {
  readonly buffer: GPUBuffer;
  readonly dtype: DType;
  /** Whether the kernel reads aligned vectors of four elements, as `NAME_quad(index)`, instead of single ones. */
  readonly quads?: boolean;
  /** Whether float16 is read as it is, instead of as float32. */
  readonly narrow?: boolean;
  /** Whether elements, float32, are rounded to bfloat16 when they are read. */
  readonly rounded?: boolean | undefined;
}

/** A kernel with one invocation for each thread, or with `groups` whole workgroups. */
export interface DispatchOptions {
  /** Identifies the source among those with the same names and dtypes of operands and the same params. */
  readonly key: string;
  readonly reads: Readonly<Record<string, BoundBuffer>>;
  readonly writes: Readonly<Record<string, BoundBuffer>>;
  readonly params: Params;
  /** Declarations before the entry point. */
  readonly declarations?: () => string;
  /** The statements of the entry point. They can use `thread`, `group` and `lane`. */
  readonly body: () => string;
  /** Number of invocations. Those beyond it return at once. */
  readonly threads?: number;
  /** Number of workgroups, for kernels that use workgroup memory. */
  readonly groups?: number;
  readonly groupSize?: number;
}

/** The dtype to declare: routines read and write bool as the integers 0 and 1. */
const storage = (dtype: DType): DType => dtype === "bool" ? "uint8" : dtype;

/** Launches a kernel. Does nothing if it has no threads. */
export function dispatch(gpu: GpuContext, d: DispatchOptions): void {
  const { groupSize = 64, threads } = d;
  const groups = d.groups ?? Math.ceil(threads! / groupSize);
  if (groups === 0) return;
  const params = threads === undefined ? { ...d.params, groups } : { ...d.params, threads };
  const [reads, writes] = [Object.entries(d.reads), Object.entries(d.writes)];
  const dtypes = [...reads, ...writes].map(([, { dtype }]) => dtype);
  gpu.launch({
    key: `${d.key} ${groupSize} ${dtypes.join(" ")}`,
    source: () => {
      const bindings = [
        ...reads.map(([name, { dtype, quads, narrow, rounded }], i) =>
          (quads ? declareQuads : declareInput)(i, name, storage(dtype), narrow, rounded)
        ),
        ...writes.map(([name, { dtype }], i) => declareOutput(reads.length + i, name, storage(dtype))),
        declareParams(reads.length + writes.length, Object.keys(params).map((name) => `${name}: u32`)),
      ];
      const guard = threads === undefined ? "group >= p.groups" : "thread >= p.threads";
      const needed: DType[] = reads.some(([, { rounded }]) => rounded) ? [...dtypes, "bfloat16"] : dtypes;
      return `${moduleHeader(needed)}${bindings.join("")}${d.declarations?.() ?? ""}` +
        `${entryPoint(groupSize)}${threadIndex(groupSize)}\nif (${guard}) { return; }\n${d.body()}
}
`;
    },
    reads: reads.map(([, { buffer }]) => buffer),
    writes: writes.map(([, { buffer }]) => buffer),
    params: paramWords(params),
    workgroups: groups,
  });
}
