import type { Device } from "@heddle/tensor";
import type { Work } from "@heddle/tensor/backend";
import { setDispatchWatch } from "@heddle/tensor/engine";
import { node } from "../node.ts";
import { textTable } from "../text/table.ts";
import { type Dispatch, traceOf } from "./trace.ts";
import { workBytes, workShapes } from "./work_bytes.ts";

/** What a profile knows of an operation. */
export interface ProfileRow {
  /** Its name, as in `memory()`: that of the method, or of the fused kernel. */
  readonly operation: string;
  /** How often it ran. */
  readonly calls: number;
  /** Milliseconds that the host spent on it: on the CPU its computation, on a GPU its preparation. */
  readonly host: number;
  /** Milliseconds that the GPU spent on it; null on the CPU, and where the GPU has no timestamps. */
  readonly gpu: number | null;
  /** Bytes of the operands that it read and wrote. */
  readonly bytes: number;
  /** The share, from 0 to 1: of the GPU's time where that is known, otherwise of all the time. */
  readonly share: number;
}

/** What ran while a function was profiled. `String(profile)` is a table. */
export class Profile {
  /** Milliseconds from the beginning of the function to its end. */
  readonly milliseconds: number;
  /** A row for each operation, those with the largest share first. */
  readonly rows: readonly ProfileRow[];
  private readonly dispatches: readonly Dispatch[];

  /** Made by {@link profile}. */
  constructor(dispatches: readonly Dispatch[], milliseconds: number) {
    this.dispatches = dispatches;
    this.milliseconds = milliseconds;
    this.rows = rowsOf(dispatches, milliseconds);
  }

  /** Milliseconds that the host spent outside operations: in the program, in autograd's and the layers' own code, and waiting. */
  get outside(): number {
    return Math.max(0, this.milliseconds - sumOf(this.rows, ({ host }) => host));
  }

  /** The trace as JSON, which ui.perfetto.dev and chrome://tracing open. */
  trace(): string {
    return traceOf(this.dispatches, this.milliseconds);
  }

  /** Writes {@link trace} to a file. @throws the system's error if it cannot be written. */
  saveTrace(path: string): void {
    node.fs.writeFileSync(path, this.trace());
  }

  /** A table of the operations. */
  toString(): string {
    return tableOf(this);
  }
}

/**
 * Runs a function, and sees every operation that it dispatches, whatever the device: how often, how long, how many bytes.
 *
 * On a GPU with timestamp queries each operation is submitted and timed by itself, so that the whole takes longer than without a profile.
 * Without them the GPU's time is not known: its work is done while the host waits for values.
 *
 * A profile takes some 200 bytes for each operation. Operations of other asynchronous functions that run meanwhile are seen too.
 *
 * @param fn what to profile; it may be asynchronous. Let it run once before, so that code is generated and caches are filled.
 * @throws what the function throws
 *
 * @example
 * ```ts
 * import { ones, scope } from "@heddle/tensor";
 * import { profile } from "@heddle/train/profile";
 *
 * const found = await profile(() => {
 *   using _ = scope();
 *   ones([64, 64]).matmul(ones([64, 64])).add(1).sum().item();
 * });
 * console.log(String(found));
 * found.rows.find(({ operation }) => operation === "matmul")!.bytes; // 49152
 * ```
 */
export async function profile(fn: () => unknown): Promise<Profile> {
  const dispatches: Dispatch[] = [];
  const times: Promise<void>[] = [];
  const begin = performance.now();
  const before = setDispatchWatch((operation, device, work, run) => {
    const within = before === null ? run : () => before(operation, device, work, run);
    const start = performance.now();
    const time = timed(device, within);
    const host = performance.now() - start;
    const seen = { ...described(operation, device, work), start: start - begin, host, gpu: null };
    const index = dispatches.push(seen) - 1;
    if (time !== null) {
      times.push(time.then((gpu) => {
        if (!Number.isNaN(gpu)) dispatches[index] = { ...seen, gpu };
      }));
    }
  });
  let milliseconds: number;
  try {
    await fn();
  } finally {
    milliseconds = performance.now() - begin;
    setDispatchWatch(before);
  }
  await Promise.all(times);
  return new Profile(dispatches, milliseconds);
}

/** Runs a dispatch; the milliseconds that the device takes, if it has a clock of its own. */
function timed({ backend }: Device, run: () => void): Promise<number> | null {
  const time = backend.measure?.(run) ?? null;
  if (time === null) run();
  return time;
}

function described(
  operation: string,
  device: Device,
  work: Work,
): Pick<Dispatch, "operation" | "device" | "shapes" | "bytes"> {
  return { operation, device: device.name, shapes: workShapes(work), bytes: workBytes(work) };
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}

function rowsOf(dispatches: readonly Dispatch[], milliseconds: number): ProfileRow[] {
  const groups: Map<string, Dispatch[]> = new Map();
  for (const dispatch of dispatches) {
    const group = groups.get(dispatch.operation);
    if (group === undefined) groups.set(dispatch.operation, [dispatch]);
    else group.push(dispatch);
  }
  const gpuTotal = sumOf(dispatches, ({ gpu }) => gpu ?? 0);
  return Array.from(groups, ([operation, group]) => {
    const host = sumOf(group, (one) => one.host);
    const gpu = group.some((one) => one.gpu !== null) ? sumOf(group, (one) => one.gpu ?? 0) : null;
    const share = gpuTotal > 0 ? (gpu ?? 0) / gpuTotal : milliseconds > 0 ? host / milliseconds : 0;
    return { operation, calls: group.length, host, gpu, bytes: sumOf(group, ({ bytes }) => bytes), share };
  }).sort((a, b) => b.share - a.share);
}

function showBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let [value, unit] = [bytes, 0];
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function tableOf({ rows, milliseconds, outside }: Profile): string {
  const withGpu = rows.some(({ gpu }) => gpu !== null);
  const per = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const lines = rows.map(({ operation, calls, host, gpu, bytes, share }) => [
    operation,
    String(calls),
    host.toFixed(3),
    ...withGpu ? [gpu?.toFixed(3) ?? ""] : [],
    (1000 * (gpu ?? host) / calls).toFixed(1),
    showBytes(bytes),
    per(share),
  ]);
  const blank = withGpu ? [""] : [];
  const outsideShare = withGpu || milliseconds === 0 ? "" : per(outside / milliseconds);
  return textTable(
    ["operation", "calls", "host ms", ...withGpu ? ["GPU ms"] : [], "µs a call", "bytes", "share"],
    [
      ...lines,
      ["(outside operations)", "", outside.toFixed(3), ...blank, "", "", outsideShare],
      ["(all)", String(sumOf(rows, ({ calls }) => calls)), milliseconds.toFixed(3), ...blank, "", "", ""],
    ],
  );
}
