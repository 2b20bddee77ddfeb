/** Accumulators of reductions: several vectors side by side, folded into totals every so often. */
import { type DType, integerRange } from "../../../dtype.ts";
import type { ReducePrim } from "../../../prims/attrs.ts";
import {
  type Code,
  f32x4,
  f64x2,
  type FunctionBuilder,
  get,
  i32x4,
  type Local,
  op,
  set,
  shuffle,
} from "../../../wasm/assembler.ts";
import type { opcodes } from "../../../wasm/opcodes.ts";
import { laneKind, wrapped } from "./lanes.ts";

type Name = keyof typeof opcodes;

/** What a reduction begins with: changes nothing when combined. */
function identity(prim: ReducePrim, dtype: DType): Code {
  const kind = laneKind(dtype);
  const value = prim === "sum" ? 0 : prim === "prod" ? 1 : prim === "amax" ? -Infinity : Infinity;
  if (kind === "f32") return f32x4(value);
  if (kind === "f64") return f64x2(value);
  // Within the dtype, as it is wrapped like every other value; of bool 0 and 1, so that "any" of nothing is false and "all" is true.
  const [least, greatest] = integerRange(dtype).map(Number) as [number, number];
  return i32x4(Math.min(Math.max(value, least), greatest));
}

/** See the module's comment. */
export class Accumulators {
  private readonly f: FunctionBuilder;
  private readonly prim: ReducePrim;
  private readonly dtype: DType;
  private readonly lanes: number;
  private readonly parts: readonly Local[];
  private readonly totals: readonly Local[];

  constructor(f: FunctionBuilder, prim: ReducePrim, dtype: DType, lanes: number, count: number) {
    this.f = f;
    this.prim = prim;
    this.dtype = dtype;
    this.lanes = lanes;
    this.parts = Array.from({ length: count }, () => f.local("v128"));
    this.totals = Array.from({ length: count }, () => f.local("v128"));
  }

  private combine(a: Code, b: Code): Code {
    const kind = laneKind(this.dtype);
    const shape = kind === "f32" ? "f32x4" : kind === "f64" ? "f64x2" : "i32x4";
    const what = { sum: "add", prod: "mul", amax: "max", amin: "min", argmax: "max", argmin: "min" }[this.prim];
    const name = `${shape}.${what}${kind === "i32" && what.startsWith("m") && what !== "mul" ? "_s" : ""}` as Name;
    return wrapped(this.dtype, op(name, a, b));
  }

  /** Empties the totals. */
  beginTotal(): Code {
    return this.totals.map((total) => set(total, identity(this.prim, this.dtype)));
  }

  /** Empties the parts. */
  begin(): Code {
    return this.parts.map((part) => set(part, identity(this.prim, this.dtype)));
  }

  /** Takes a vector into the i-th part. */
  add(i: number, value: Code): Code {
    const part = this.parts[i]!;
    return set(part, this.combine(get(part), value));
  }

  /** Takes the first lane of a vector into the first part. */
  addFirstLane(value: Code): Code {
    const bytes = laneKind(this.dtype) === "f64" ? 8 : 4;
    const lanes = Array.from({ length: 16 }, (_, i) => i < bytes ? i : 16 + i);
    return this.add(0, shuffle(lanes, value, identity(this.prim, this.dtype)));
  }

  /** Folds all parts into the first total. */
  fold(): Code {
    const [a, b, c, d] = this.parts.map(get) as [Code, Code, Code, Code];
    const sum = this.combine(this.combine(a, b), this.combine(c, d));
    return set(this.totals[0]!, this.combine(get(this.totals[0]!), sum));
  }

  /** Folds each part into its own total. */
  foldEach(): Code {
    return this.parts.map((part, i) => set(this.totals[i]!, this.combine(get(this.totals[i]!), get(part))));
  }

  /** A total. */
  total(i: number): Code {
    return get(this.totals[i]!);
  }

  /** The lanes of the first total combined, in lane 0. */
  acrossLanes(): Code {
    const x = this.f.local("v128");
    const turned = (lanes: readonly number[]): Code => shuffle(lanes, get(x), get(x));
    const code: Code[] = [set(x, get(this.totals[0]!))];
    const narrow = laneKind(this.dtype) !== "f64" && this.lanes === 2;
    // With two lanes of 32 bits the upper half of the vector holds nothing.
    if (!narrow) {
      code.push(set(x, this.combine(get(x), turned([8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7]))));
    }
    if (laneKind(this.dtype) !== "f64") {
      code.push(set(x, this.combine(get(x), turned([4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11]))));
    }
    return [...code, get(x)];
  }
}
