/** One launch, from named operands and parameters. */
import type { DType } from "@heddle/tensor";
import type { Gpu } from "../../gpu_context.ts";
import { header, readable, writable } from "./element.ts";
import { declareParams, entry, type Params, paramWords } from "./params.ts";

/** A buffer and what it holds. */
export interface Bound {
  readonly buffer: GPUBuffer;
  readonly dtype: DType;
}

/** A kernel of one invocation a thread (or `groups` whole workgroups). */
export interface Dispatch {
  /** Tells sources apart that have the same operands' names and dtypes and the same parameters. */
  readonly key: string;
  readonly reads: Readonly<Record<string, Bound>>;
  readonly writes: Readonly<Record<string, Bound>>;
  readonly params: Params;
  /** Declarations before the entry point. */
  readonly declarations?: () => string;
  /** The entry point's statements; they know `thread`, `group` and `lane`. */
  readonly body: () => string;
  /** Invocations wanted; those beyond return at once. */
  readonly threads?: number;
  /** Workgroups wanted, for kernels that use them as such. */
  readonly groups?: number;
  readonly groupSize?: number;
}

/** Runs a kernel; nothing when there is nothing to do. */
export function dispatch(gpu: Gpu, d: Dispatch): void {
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
        ...reads.map(([name, { dtype }], i) => readable(name, i, dtype)),
        ...writes.map(([name, { dtype }], i) => writable(name, reads.length + i, dtype)),
        declareParams(reads.length + writes.length, params),
      ];
      const guard = threads === undefined ? "group >= p.groups" : "thread >= p.threads";
      return `${header(dtypes)}${bindings.join("")}${d.declarations?.() ?? ""}` +
        entry(groupSize, `if (${guard}) { return; }\n${d.body()}`);
    },
    reads: reads.map(([, { buffer }]) => buffer),
    writes: writes.map(([, { buffer }]) => buffer),
    params: paramWords(params),
    workgroups: groups,
  });
}
