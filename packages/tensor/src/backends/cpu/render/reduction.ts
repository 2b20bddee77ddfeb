/**
 * Accumulators of reductions: several vectors in parallel, which are regularly folded into totals. Sums have several levels of
 * totals: after a number of folds the total of a level is added to the next level and reset. So only numbers of similar size are
 * added, and the error grows with the logarithm of the count (cascade summation, as in PyTorch).
 */
import { type DType, integerRange } from "../../../dtype.ts";
import type { ReducePrim } from "../../../prims/attrs.ts";
import type { FunctionBuilder } from "../../../code/module.ts";
import {
  type Code,
  f32x,
  f64x,
  get,
  i32,
  i32x,
  type Local,
  op,
  set,
  shuffle,
  when,
  whileLoop,
  wide,
} from "../../../code/tree.ts";
import type { Operation } from "../../../code/operations.ts";
import { laneKind, wrapped } from "./lanes.ts";

/** The accumulators of 16 bytes, or as many bytes of wider ones. */
export function accumulatorCount(vectorBytes: number): number {
  return 64 / vectorBytes;
}

/** The most vectors that one accumulator takes between two folds. */
export const runLength = 16;
/** The number of folds into a level before it moves to the next, as a power of two; and the number of levels of sums. */
const [foldBits, sumLevels] = [4, 5];

type Name = Operation;

/** For each reduction the instruction that combines two values, and its identity. `argmax` and `argmin` have no vector form. */
const combinations: { readonly [P in ReducePrim]: readonly ["add" | "mul" | "max" | "min", number] | null } = {
  sum: ["add", 0],
  prod: ["mul", 1],
  amax: ["max", -Infinity],
  amin: ["min", Infinity],
  argmax: null,
  argmin: null,
};

/** The identity element of a reduction. */
function identity(prim: ReducePrim, dtype: DType): Code {
  const kind = laneKind(dtype);
  const value = combinations[prim]![1];
  if (kind === "f32") return f32x(value);
  if (kind === "f64") return f64x(value);
  // Within the dtype's range, since it is wrapped like every other value. For bool 0 and 1, so that "any" of nothing is false and
  // "all" is true.
  const [least, greatest] = integerRange(dtype).map(Number) as [number, number];
  return i32x(Math.min(Math.max(value, least), greatest));
}

/**
 * Runs `body` for the last `count` elements of a block: with as many as a wide vector has lanes, and what is left. `body` may change
 * the local that it receives.
 */
export function eachFirst(f: FunctionBuilder, count: Local, lanes: number, body: (first: Local) => Code): Code {
  const first = f.local("i32");
  return whileLoop(
    get(count),
    set(first, op("select", i32(lanes), get(count), op("i32.lt_u", i32(lanes), get(count)))),
    set(count, op("i32.sub", get(count), get(first))),
    body(first),
  );
}

/** The accumulators of a reduction. */
export class Accumulators {
  private readonly f: FunctionBuilder;
  private readonly prim: ReducePrim;
  private readonly dtype: DType;
  private readonly lanes: number;
  private readonly parts: readonly Local[];
  /** The totals, by level and accumulator. */
  private readonly totals: readonly (readonly Local[])[];
  /** The number of folds since the totals were reset. */
  private readonly folds: Local;

  /** @param count the number of accumulators */
  constructor(f: FunctionBuilder, prim: ReducePrim, dtype: DType, lanes: number, count: number) {
    this.f = f;
    this.prim = prim;
    this.dtype = dtype;
    this.lanes = lanes;
    this.parts = Array.from({ length: count }, () => f.local("vector"));
    const levels = prim === "sum" && laneKind(dtype) !== "i32" ? sumLevels : 1;
    this.totals = Array.from({ length: levels }, () => Array.from({ length: count }, () => f.local("vector")));
    this.folds = f.local("i32");
  }

  private combine(a: Code, b: Code): Code {
    const kind = laneKind(this.dtype);
    const shape = kind === "f32" ? "f32x" : kind === "f64" ? "f64x" : "i32x";
    const what = combinations[this.prim]![0];
    const name = `${shape}.${what}${kind === "i32" && (what === "max" || what === "min") ? "_s" : ""}` as Name;
    return wrapped(this.dtype, op(name, a, b));
  }

  /** Resets the totals. */
  beginTotal(): Code {
    return [set(this.folds, i32(0)), this.totals.map((level) => this.empty(level))];
  }

  private empty(locals: readonly Local[]): Code {
    return locals.map((local) => set(local, identity(this.prim, this.dtype)));
  }

  /** Resets the accumulators. */
  begin(): Code {
    return this.empty(this.parts);
  }

  /** Adds a vector to the i-th accumulator. */
  add(i: number, value: Code): Code {
    const part = this.parts[i]!;
    return set(part, this.combine(get(part), value));
  }

  /** Adds the first lane of a vector to the first accumulator. */
  addFirstLane(value: Code): Code {
    const bytes = laneKind(this.dtype) === "f64" ? 8 : 4;
    const lanes = Array.from({ length: 16 }, (_, i) => i < bytes ? i : 16 + i);
    if (this.f.vectorBytes > 16) {
      const name = bytes === 8 ? "choose_first64" : "choose_first32";
      return this.add(0, wide(name, 0, i32(1), value, identity(this.prim, this.dtype)));
    }
    return this.add(0, shuffle(lanes, value, identity(this.prim, this.dtype)));
  }

  /**
   * Adds the first `count` lanes of a wide vector, as code for vectors of 16 bytes does with what is left of a block: as many whole
   * vectors of 16 bytes as there are, and then single elements, all to the first accumulator. Changes the local.
   */
  addFirst(count: Local, value: Code): Code {
    const x = this.f.local("vector");
    const wide64 = laneKind(this.dtype) === "f64";
    const step = (lanes: number): Code =>
      whileLoop(
        op("i32.ge_u", get(count), i32(lanes)),
        this.add(
          0,
          wide(wide64 ? "choose_first64" : "choose_first32", 0, i32(lanes), get(x), identity(this.prim, this.dtype)),
        ),
        set(x, wide("turn", wide64 ? 2 * lanes : lanes, get(x))),
        set(count, op("i32.sub", get(count), i32(lanes))),
      );
    return [set(x, value), step(this.narrowLanes), step(1)];
  }

  /** The lanes that code for vectors of 16 bytes has in one. */
  private get narrowLanes(): number {
    return this.lanes * 16 / this.f.vectorBytes;
  }

  /**
   * Folds all accumulators into the first total. As sixteen lanes (or eight of 64 bits) are added in the same order whatever the size
   * of a vector, so are the bits of the result: `(a + b) + (c + d)`, where each letter is a vector of 16 bytes.
   */
  fold(): Code {
    return [this.into(0, 0, this.folded(this.parts.map((part) => get(part)))), this.carried(1)];
  }

  private folded([a, b, c, d]: readonly Code[]): Code {
    if (d !== undefined) return this.combine(this.combine(a!, b!), this.combine(c!, d));
    // The 32-bit words of what would be one vector of 16 bytes. In kernels with 64-bit lanes, those of 32 bits are in the low half.
    const words = this.narrowLanes * (laneKind(this.dtype) === "f64" ? 2 : 1);
    const pair = (x: Local, by: number): Code => this.combine(get(x), wide("turn", by, get(x)));
    const [x, y] = [this.f.local("vector"), this.f.local("vector")];
    if (b !== undefined) return [set(x, a!), set(y, b), this.combine(pair(x, words), pair(y, words))];
    return [set(x, a!), set(y, pair(x, words)), pair(y, 2 * words)];
  }

  /** Folds each accumulator into its own total. */
  foldEach(): Code {
    return [this.parts.map((part, i) => this.into(0, i, get(part))), this.carried(this.parts.length)];
  }

  private into(level: number, i: number, value: Code): Code {
    const total = this.totals[level]![i]!;
    return set(total, this.combine(get(total), value));
  }

  /** Counts a fold, and moves full levels of the first `count` totals to the next level. */
  private carried(count: number): Code {
    const { folds, totals } = this;
    const from = (level: number): Code => {
      if (level + 1 === totals.length) return [];
      const full = op("i32.eqz", op("i32.and", get(folds), i32(2 ** (foldBits * (level + 1)) - 1)));
      const own = totals[level]!.slice(0, count);
      return when(full, [own.map((total, i) => this.into(level + 1, i, get(total))), this.empty(own), from(level + 1)]);
    };
    return totals.length === 1 ? [] : [set(folds, op("i32.add", get(folds), i32(1))), from(0)];
  }

  /** The i-th total. */
  total(i: number): Code {
    return this.totals.map((level): Code => get(level[i]!)).reduce((sum, level) => this.combine(sum, level));
  }

  /** Combines the lanes of the first total in lane 0. */
  acrossLanes(): Code {
    const x = this.f.local("vector");
    const turned = (lanes: readonly number[]): Code =>
      this.f.vectorBytes > 16 ? wide("turn", lanes[0]! / 4, get(x)) : shuffle(lanes, get(x), get(x));
    const code: Code[] = [set(x, this.total(0))];
    const narrow = laneKind(this.dtype) !== "f64" && this.narrowLanes === 2;
    // With two lanes of 32 bits the upper half of the vector is unused.
    if (!narrow) {
      code.push(set(x, this.combine(get(x), turned([8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]))));
    }
    if (laneKind(this.dtype) !== "f64") {
      code.push(set(x, this.combine(get(x), turned([4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11]))));
    }
    return [...code, get(x)];
  }
}
