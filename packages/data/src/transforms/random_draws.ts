import { type Generator, rand } from "@heddle/tensor";
import { normalPair } from "@heddle/tensor/backend";

/** Numbers returned one by one, but drawn from the generator many at a time, which is faster. */
export class Draws {
  private readonly generator: Generator;
  private readonly ahead: number;
  private values: ArrayLike<number> = [];
  private at: number = 0;

  /** @param ahead how many to draw at a time: about as many as will be needed */
  constructor(generator: Generator, ahead: number) {
    this.generator = generator;
    this.ahead = Math.min(Math.max(ahead, 1), 1 << 16);
  }

  /** Uniformly distributed in [0, 1). */
  uniform(): number {
    if (this.at === this.values.length) {
      this.values = uniforms(this.generator, this.ahead);
      this.at = 0;
    }
    return this.values[this.at++]!;
  }

  /** Uniformly distributed in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** An integer from 0 to n - 1. */
  below(n: number): number {
    return Math.floor(n * this.uniform());
  }

  /** True with a probability. */
  chance(p: number): boolean {
    return this.uniform() < p;
  }

  /** Of the standard normal distribution (Box and Muller 1958; one of the pair). */
  normal(): number {
    return normalPair(this.uniform(), this.uniform())[0];
  }
}

// Drawing on the engine pays off from about this many; the numbers are the same.
const FEW = 128;

function uniforms(generator: Generator, count: number): ArrayLike<number> {
  if (count <= FEW) return generator.uniforms(count);
  const drawn = rand([count], { generator, dtype: "float64", device: "cpu" });
  const values = drawn.toTypedArray("float64");
  drawn.dispose();
  return values;
}
