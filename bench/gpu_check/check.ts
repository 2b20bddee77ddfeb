/** What the parts of the GPU check share: the device, the clock and how differences are counted. */
import { type Device, type Tensor, tidy } from "@heddle/tensor";

/** Results of a part, by name. */
export type Results = Record<string, unknown>;

/** What a part works with. */
export interface Check {
  readonly device: Device;
  /** Sizes for a software adapter instead of a GPU. */
  readonly small: boolean;
  /** Whether to do each piece of work once and measure nothing, so that it can be tuned. */
  readonly once?: boolean;
  /** Milliseconds that are left of the whole check's time. */
  left(): number;
}

/** A part of the check. It fills in `results` as it goes, so that what was found before an error stays. */
export type Part = (check: Check, results: Results) => Promise<void>;

/** Four digits of a number. */
export const round = (value: number): number => Number(value.toPrecision(4));

/** One size for a GPU, or another for a software adapter. */
export const size = (check: Check, large: number, small: number): number => check.small ? small : large;

/**
 * The best milliseconds of a call of `run`, over rounds of as many calls as take some 100 ms together.
 *
 * @throws Error when no time is left.
 */
export function time(check: Check, run: () => Tensor, seconds: number = check.small ? 0.1 : 0.5): number {
  const each = (calls: number): number => {
    const start = performance.now();
    for (let i = 1; i < calls; i++) run().dispose();
    const last = run();
    // Waits until the GPU has done all.
    tidy(() => last.flatten().narrow(0, 0, 1).sum()).item();
    last.dispose();
    return (performance.now() - start) / calls;
  };
  if (check.left() < 0) throw new Error("no time is left; --budget gives more");
  if (check.once) return each(1);
  each(1);
  const calls = Math.max(1, Math.min(200, Math.round(100 / each(1))));
  const until = performance.now() + 1000 * seconds;
  let best = Infinity;
  do best = Math.min(best, each(calls)); while (performance.now() < until);
  return best;
}

/** The largest difference, relative to the largest magnitude of what was wanted; infinite unless NaN is where it was wanted. */
export async function difference(found: Tensor, wanted: Tensor): Promise<number> {
  const [a, b] = [await found.data() as Float32Array, await wanted.data() as Float32Array];
  if (a.length !== b.length) return Infinity;
  let [most, scale] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    const [is, should] = [a[i]!, b[i]!];
    if (Number.isNaN(is) !== Number.isNaN(should)) return Infinity;
    if (Number.isFinite(should)) scale = Math.max(scale, Math.abs(should));
    if (!Number.isNaN(should) && is !== should) most = Math.max(most, Math.abs(is - should));
  }
  return most / Math.max(scale, 1e-30);
}
