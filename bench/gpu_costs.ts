/**
 * The CPU cost of a run on a GPU, measured for every library alike at WebGPU's methods, which are wrapped only while
 * costs are counted.
 */
import process from "node:process";

/** Costs of one operation. Times are in microseconds a kernel. */
export interface Costs {
  readonly kernels: number;
  readonly submits: number;
  /** From the call until the last submission begins, without the time spent inside submissions. The clock's time, not the thread's. */
  readonly recording: number;
  /**
   * CPU time of the thread that runs JavaScript over whole runs, including submitting and reading; null if the runtime
   * does not report it.
   */
  readonly thread: number | null;
}

type Method = (...args: unknown[]) => unknown;
type Prototype = Record<string, Method>;

/** CPU milliseconds of this thread; the kernel may count in ticks of 10 ms. */
function threadTime(): number | null {
  const usage = (process as { threadCpuUsage?: () => { user: number; system: number } })
    .threadCpuUsage?.();
  return usage === undefined ? null : (usage.user + usage.system) / 1000;
}

/** Wraps a method of a global class until the function it returns is called. */
function wrap(
  className: string,
  method: string,
  around: (call: () => unknown) => unknown,
): () => void {
  const prototype = (globalThis as unknown as Record<
    string,
    { prototype: Prototype } | undefined
  >)[className]?.prototype;
  const original = prototype?.[method];
  if (!prototype || !original) {
    throw new Error(`the runtime has no ${className}.${method} to count at`);
  }
  prototype[method] = function (this: unknown, ...args: unknown[]): unknown {
    return around(() => original.apply(this, args));
  };
  return () => prototype[method] = original;
}

/**
 * Counts over runs that take `seconds` together, at least three.
 *
 * @param per operations in a run
 * @throws Error where WebGPU's classes are not global.
 */
export async function gpuCosts(
  run: () => void | Promise<void>,
  seconds: number,
  per: number,
): Promise<Costs> {
  let [kernels, submits, inside, recorded, begun] = [0, 0, 0, 0, 0];
  const restore = [
    wrap("GPUComputePassEncoder", "dispatchWorkgroups", (call) => {
      kernels++;
      return call();
    }),
    wrap("GPUQueue", "submit", (call) => {
      const start = performance.now();
      // Time between two submissions is recording; time after the last is waiting and reading.
      recorded = start - begun - inside;
      submits++;
      const result = call();
      inside += performance.now() - start;
      return result;
    }),
  ];
  try {
    let [runs, recording] = [0, 0];
    const thread = threadTime();
    const until = performance.now() + 1000 * seconds;
    while (runs < 3 || performance.now() < until) {
      [begun, inside, recorded] = [performance.now(), 0, 0];
      await run();
      recording += recorded;
      runs++;
    }
    return {
      kernels: kernels / runs / per,
      submits: submits / runs / per,
      recording: 1000 * recording / kernels,
      thread: thread === null ? null : 1000 * (threadTime()! - thread) / kernels,
    };
  } finally {
    for (const undo of restore) undo();
  }
}
