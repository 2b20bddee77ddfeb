/**
 * Random numbers as a function of (seed, stream, position): any image of a data set can be drawn without drawing those
 * before it. Only 32-bit integer arithmetic and exact floating-point operations are used, so that every engine gives
 * the same numbers. Suitable for pictures, not for statistics or cryptography.
 */
export class CounterRandom {
  private readonly key: number;
  private state: number = 0;

  /** @param seed any safe integer */
  constructor(seed: number) {
    const high = Math.floor(seed / 2 ** 32);
    this.key = mix(mix(seed >>> 0) ^ (high | 0) ^ 0x5bd1e995);
  }

  /** Moves to the beginning of a stream. */
  select(stream: number): void {
    this.state = mix(this.key ^ mix(stream + 0x632be5ab));
  }

  /** Uniform in [0, 2^32). */
  bits(): number {
    // Weyl sequence and finaliser, the construction of SplitMix (Steele, Lea, Flood 2014) at 32 bits.
    this.state = (this.state + 0x9e3779b9) | 0;
    return mix(this.state) >>> 0;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.bits() / 2 ** 32;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** Uniform integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /**
   * Nearly normal, mean 0 and deviation 1, never beyond 3.47: the sum of four uniform numbers. A true normal
   * would need logarithms or cosines, whose last bits differ between engines.
   */
  normal(): number {
    return (this.uniform() + this.uniform() + this.uniform() + this.uniform() - 2) * SQRT_3;
  }
}

const SQRT_3 = Math.sqrt(3);

/** The finaliser of MurmurHash3 with the constants of Stafford's search ("lowbias32" by C. Wellons). */
function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
