import { noGrad } from "@heddle/autograd";
import { cat, keep, type Tensor, tidy, zeros } from "@heddle/tensor";
import { fusedUpdate, showShape } from "@heddle/tensor/engine";
import { keptCopy } from "./state.ts";

// Knuth's two-sum: `low` collects what rounding takes from `high`, so that a float32 sum over a million batches is as exact as one batch.
const accumulate = fusedUpdate("accumulate", (high, low, x) => {
  const sum = high.add(x);
  const added = sum.sub(high);
  return [sum, low.add(high.sub(sum.sub(added)).add(x.sub(added)))];
});

/** What sums hold: null before the first batch. */
export interface SumsState {
  readonly high: Tensor | null;
  readonly low: Tensor | null;
}

/** Sums over batches that stay on the device, outside all scopes, until they are read. */
export class Sums {
  private high: Tensor | null = null;
  private low: Tensor | null = null;

  /** Adds the tensor that `batch` returns, of the same shape every time. What is made on the way is freed. */
  add(name: string, batch: () => Tensor): void {
    tidy(() =>
      noGrad(() => {
        const given = batch();
        const x = given.dtype === "float64" ? given : given.to("float32");
        if (this.high === null || this.low === null) {
          this.high = keep(zeros(x.shape, { dtype: x.dtype, device: x.device }));
          this.low = keep(zeros(x.shape, { dtype: x.dtype, device: x.device }));
        }
        if (String(x.shape) !== String(this.high.shape)) {
          throw new RangeError(
            `${name}: this batch gives figures of shape ${showShape(x.shape)}, and those before it ` +
              `${showShape(this.high.shape)}; call reset() before data of other sizes`,
          );
        }
        // A state that was loaded may lie on another device.
        if (this.high.device !== x.device) this.load(this.high.to(x.device), this.low.to(x.device));
        accumulate([this.high, this.low], [x.to(this.high.dtype)]);
      })
    );
  }

  /** The sums in row-major order; null before the first batch. */
  async read(): Promise<number[] | null> {
    const { high, low } = this;
    if (high === null || low === null) return null;
    const both = tidy(() => noGrad(() => cat([high.flatten(), low.flatten()])));
    const values = await both.data();
    both.dispose();
    // Beyond the range of the dtype the remainder is NaN.
    return Array.from({ length: high.numel }, (_, i) => {
      const sum = Number(values[i]);
      return Number.isFinite(sum) ? sum + Number(values[i + high.numel]) : sum;
    });
  }

  /** The sums, as a copy. */
  stateDict(): SumsState {
    return { high: this.high?.clone() ?? null, low: this.low?.clone() ?? null };
  }

  /** Goes back to a state. */
  loadStateDict({ high, low }: SumsState): void {
    this.reset();
    if (high !== null && low !== null) this.load(high, low);
  }

  /** Replaces the sums by copies of these. */
  private load(high: Tensor, low: Tensor): void {
    const copies = [keptCopy(high), keptCopy(low)] as const;
    this.reset();
    [this.high, this.low] = copies;
  }

  /** Forgets and frees the sums. */
  reset(): void {
    this.high?.dispose();
    this.low?.dispose();
    this.high = this.low = null;
  }
}
