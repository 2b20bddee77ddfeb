/** Arithmetic on vectors of complex numbers in generated code: real parts and imaginary parts in two vectors. */
import type { FunctionBuilder } from "../../../../code/module.ts";
import { type Code, f32x, f64x, get, type Local, memory, memoryLane, op, set, shuffle } from "../../../../code/tree.ts";

/** The dtypes in which transforms are computed. */
export type FftDType = "float32" | "float64";

/** Real and imaginary parts. */
export interface Complex {
  readonly re: Local;
  readonly im: Local;
}

/** The bytes of one vector of complex numbers, in planes or as pairs. */
export const vectorBytes = 32;

/** The number of complex numbers in a vector of them. */
export const lanesOf = (dtype: FftDType): number => dtype === "float32" ? 4 : 2;

/** Lanes of two vectors, of 4 or 8 bytes each, as bytes of a shuffle. */
const lanesAsBytes = (lanes: readonly number[], size: number): number[] =>
  lanes.flatMap((lane) => Array.from({ length: size }, (_, i) => lane * size + i));

/** Collects the statements of a straight piece of code. Each result is in a local of its own. */
export class ComplexVectors {
  readonly f: FunctionBuilder;
  readonly single: boolean;
  readonly fma: boolean;
  readonly lanes: number;
  /** The bytes of a complex number in memory. */
  readonly bytes: number;
  private statements: Code[] = [];

  constructor(f: FunctionBuilder, dtype: FftDType, fma: boolean) {
    this.f = f;
    this.single = dtype === "float32";
    this.fma = fma;
    this.lanes = lanesOf(dtype);
    this.bytes = vectorBytes / this.lanes;
  }

  /** The statements collected since the last call. */
  take(): Code {
    const code = this.statements;
    this.statements = [];
    return code;
  }

  run(statement: Code): void {
    this.statements.push(statement);
  }

  /** A vector in a new local. */
  vector(value: Code): Local {
    const local = this.f.local("vector");
    this.run(set(local, value));
    return local;
  }

  constant(value: number): Local {
    return this.vector(this.single ? f32x(value) : f64x(value));
  }

  private binary(name: "add" | "sub" | "mul", a: Local, b: Local): Local {
    return this.vector(op(this.single ? `f32x.${name}` : `f64x.${name}`, get(a), get(b)));
  }

  addReal(a: Local, b: Local): Local {
    return this.binary("add", a, b);
  }

  subReal(a: Local, b: Local): Local {
    return this.binary("sub", a, b);
  }

  mulReal(a: Local, b: Local): Local {
    return this.binary("mul", a, b);
  }

  /** `c + a · b`, or `c − a · b`. */
  mulAdd(a: Local, b: Local, c: Local, sign: 1 | -1 = 1): Local {
    if (!this.fma) return this.binary(sign === 1 ? "add" : "sub", c, this.mulReal(a, b));
    const name = sign === 1 ? "relaxed_madd" : "relaxed_nmadd";
    return this.vector(op(this.single ? `f32x.${name}` : `f64x.${name}`, get(a), get(b), get(c)));
  }

  add(a: Complex, b: Complex): Complex {
    return { re: this.addReal(a.re, b.re), im: this.addReal(a.im, b.im) };
  }

  sub(a: Complex, b: Complex): Complex {
    return { re: this.subReal(a.re, b.re), im: this.subReal(a.im, b.im) };
  }

  mul(a: Complex, b: Complex): Complex {
    return {
      re: this.mulAdd(a.im, b.im, this.mulReal(a.re, b.re), -1),
      im: this.mulAdd(a.re, b.im, this.mulReal(a.im, b.re)),
    };
  }

  /** `conj(a) · b`. */
  mulConjugate(a: Complex, b: Complex): Complex {
    return {
      re: this.mulAdd(a.im, b.im, this.mulReal(a.re, b.re)),
      im: this.mulAdd(a.im, b.re, this.mulReal(a.re, b.im), -1),
    };
  }

  scaled(a: Complex, factor: Local): Complex {
    return { re: this.mulReal(a.re, factor), im: this.mulReal(a.im, factor) };
  }

  /** `a + i · b` and `a − i · b`. */
  turns(a: Complex, b: Complex): [Complex, Complex] {
    return [
      { re: this.subReal(a.re, b.im), im: this.addReal(a.im, b.re) },
      { re: this.addReal(a.re, b.im), im: this.subReal(a.im, b.re) },
    ];
  }

  /** A scalar in memory, in all lanes. */
  splat(offset: number, address: Code): Local {
    return this.vector(memory(this.single ? "vector.load32_splat" : "vector.load64_splat", offset, address));
  }

  /** A complex scalar in memory, in all lanes. */
  splatPair(offset: number, address: Code): Complex {
    return { re: this.splat(offset, address), im: this.splat(offset + this.bytes / 2, address) };
  }

  /** Lanes of a and then b by number. */
  pick(lanes: readonly number[], a: Local, b: Local): Local {
    return this.vector(shuffle(lanesAsBytes(lanes, this.bytes / 2), get(a), get(b)));
  }

  /** The vector of real parts, then that of imaginary parts. */
  loadPlanes(offset: number, address: Code): Complex {
    return {
      re: this.vector(memory("vector.load", offset, address)),
      im: this.vector(memory("vector.load", offset + 16, address)),
    };
  }

  storePlanes(offset: number, address: Code, { re, im }: Complex): void {
    this.run(memory("vector.store", offset, address, get(re)));
    this.run(memory("vector.store", offset + 16, address, get(im)));
  }

  /** Complex numbers in two vectors of pairs, in planes; `backwards` reverses their order. */
  separate(low: Local, high: Local, backwards = false): Complex {
    const [re, im] = this.single ? [[0, 2, 4, 6], [1, 3, 5, 7]] : [[0, 2], [1, 3]];
    if (backwards) {
      re!.reverse();
      im!.reverse();
    }
    return { re: this.pick(re!, low, high), im: this.pick(im!, low, high) };
  }

  /** The two vectors of pairs of complex numbers. */
  pairs({ re, im }: Complex): [Local, Local] {
    return this.single
      ? [this.pick([0, 4, 1, 5], re, im), this.pick([2, 6, 3, 7], re, im)]
      : [this.pick([0, 2], re, im), this.pick([1, 3], re, im)];
  }

  loadPairs(offset: number, address: Code, backwards = false): Complex {
    const low = this.vector(memory("vector.load", offset, address));
    const high = this.vector(memory("vector.load", offset + 16, address));
    return this.separate(low, high, backwards);
  }

  storePairs(offset: number, address: Code, value: Complex): void {
    const [low, high] = this.pairs(value);
    this.run(memory("vector.store", offset, address, get(low)));
    this.run(memory("vector.store", offset + 16, address, get(high)));
  }

  /** One complex number, in lane 0. */
  loadOne(address: Code): Complex {
    const pair = this.vector(memory(this.single ? "vector.load_half" : "vector.load", 0, address));
    return this.separate(pair, pair);
  }

  storeOne(address: Code, value: Complex): void {
    const [low] = this.pairs(value);
    this.run(
      this.single
        ? memoryLane("vector.store64_lane", 0, 0, address, get(low))
        : memory("vector.store", 0, address, get(low)),
    );
  }

  /** Rows and columns of as many vectors as a vector has lanes, exchanged. */
  transposed(rows: readonly Local[]): Local[] {
    if (!this.single) {
      const [a, b] = rows as [Local, Local];
      return [this.pick([0, 2], a, b), this.pick([1, 3], a, b)];
    }
    const [a, b, c, d] = rows as [Local, Local, Local, Local];
    const [ab, AB] = [this.pick([0, 4, 1, 5], a, b), this.pick([2, 6, 3, 7], a, b)];
    const [cd, CD] = [this.pick([0, 4, 1, 5], c, d), this.pick([2, 6, 3, 7], c, d)];
    return [
      this.pick([0, 1, 4, 5], ab, cd),
      this.pick([2, 3, 6, 7], ab, cd),
      this.pick([0, 1, 4, 5], AB, CD),
      this.pick([2, 3, 6, 7], AB, CD),
    ];
  }
}
