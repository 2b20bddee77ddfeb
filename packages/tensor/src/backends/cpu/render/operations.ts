/** Vector code of the element-wise primitives, one line each. */
import type { DType } from "../../../dtype.ts";
import {
  type ComparisonPrim,
  type ElementwisePrim,
  type FunctionPrim,
  isFunction,
  type OperationPrim,
} from "../../../prims/elementwise.ts";
import type { FunctionBuilder } from "../../../code/module.ts";
import { call, type Code, f32x, f64x, get, i32x, i64x, lane, type Local, op, set } from "../../../code/tree.ts";
import type { Operation } from "../../../code/operations.ts";
import { vectorMath } from "../math/mod.ts";
import { type LaneKind, laneKind, narrowMask, roundedToBfloat16, wrapped } from "./lanes.ts";

/** The context of rendering an operation. */
export interface Site {
  readonly f: FunctionBuilder;
  /** The dtype of the operands. */
  readonly dtype: DType;
  readonly kind: LaneKind;
  readonly lanes: number;
  /** A function imported from the host. */
  readonly host: (name: FunctionPrim) => { readonly index: number };
}

type Name = Operation;
type Shape = "f32x" | "i32x" | "f64x" | "i64x";
type Render = (site: Site, a: Code, b: Code, c: Code) => Code;

const shapes: { readonly [K in LaneKind]: Shape } = { f32: "f32x", i32: "i32x", f64: "f64x", i64: "i64x" };

/** A single instruction, of the operands' lane shape. */
const direct = (what: string): Render => ({ kind, dtype }, a, b) => {
  const name = `${shapes[kind]}.${what}` as Name;
  return wrapped(dtype, (b as readonly unknown[]).length === 0 ? op(name, a) : op(name, a, b));
};

const float = (kind: LaneKind): boolean => kind === "f32" || kind === "f64";
const floatOnly = (what: string): Render => (site, a) => float(site.kind) ? direct(what)(site, a, [], []) : a;

/** Converts a mask to bool: 0 or 1 in 32-bit lanes. */
function flag({ f, kind }: Pick<Site, "f" | "kind">, mask: Code): Code {
  return op("vector.and", kind === "f64" || kind === "i64" ? narrowMask(f, mask) : mask, i32x(1));
}

function comparisonMask({ kind }: Site, what: ComparisonPrim, a: Code, b: Code): Code {
  const signed = float(kind) || what === "eq" || what === "ne" ? "" : "_s";
  return op(`${shapes[kind]}.${what}${signed}` as Name, a, b);
}

const compare = (what: ComparisonPrim): Render => (site, a, b) => flag(site, comparisonMask(site, what, a, b));

/** `where` on a comparison of operands of the same width as the choices: uses the mask directly, without converting it to bool. */
export function chooseByComparison(
  site: Site,
  what: ComparisonPrim,
  [a, b]: readonly Code[],
  yes: Code,
  no: Code,
): Code {
  return op("vector.bitselect", yes, no, comparisonMask(site, what, a!, b!));
}

const bits = (what: "and" | "or" | "xor"): Render => (_, a, b) => op(`vector.${what}`, a, b);

function zero(kind: LaneKind): Code {
  return kind === "f32" ? f32x(0) : kind === "f64" ? f64x(0) : kind === "i64" ? i64x(0n) : i32x(0);
}

/** Computes lane by lane on the host, in float64: accurate to float32, but slow. */
function onHost(prim: FunctionPrim, site: Site, args: readonly Code[]): Code {
  const { f, kind, lanes } = site;
  const operands = args.map((code): [Local, Code] => {
    const local = f.local("vector");
    return [local, set(local, code)];
  });
  const result = f.local("vector");
  const wide = kind === "f64";
  const extract = (local: Local, i: number): Code => {
    const value = lane(wide ? "f64x.extract_lane" : "f32x.extract_lane", i, get(local));
    return wide ? value : op("f64.promote_f32", value);
  };
  const code: Code[] = operands.map(([, assign]) => assign);
  for (let i = 0; i < lanes; i++) {
    const value = call(site.host(prim), ...operands.map(([local]) => extract(local, i)));
    const next = wide
      ? lane("f64x.replace_lane", i, get(result), value)
      : lane("f32x.replace_lane", i, get(result), op("f32.demote_f64", value));
    code.push(set(result, next));
  }
  return [...code, get(result)];
}

/** Converts a bool to a mask over lanes of the operands' width. */
function maskOf(kind: LaneKind, condition: Code): Code {
  const mask = op("i32x.neg", condition);
  return kind === "f64" || kind === "i64" ? op("i64x.extend_low_i32x_s", mask) : mask;
}

const sign: Render = (site, a) => {
  const { f, kind } = site;
  const x = f.local("vector");
  const name = (what: string): Name => `${shapes[kind]}.${what}${float(kind) ? "" : "_s"}` as Name;
  const below = op(name("lt"), get(x), zero(kind));
  const above = op(name("gt"), get(x), zero(kind));
  const wide = kind === "f64" || kind === "i64";
  const difference = op(wide ? "i64x.sub" : "i32x.sub", below, above);
  const value = kind === "f32"
    ? op("f32x.convert_i32x_s", difference)
    : kind === "f64"
    ? op("f64x.convert_low_i32x_s", narrowMask(f, difference))
    : difference;
  return [set(x, a), value];
};

/** Minimum and maximum. For 64-bit integers they are a comparison and a choice. */
const extreme = (what: "min" | "max"): Render => (site, a, b) => {
  const { f, kind } = site;
  if (kind === "i32") return op(`i32x.${what}_s`, a, b);
  if (kind !== "i64") return op(`${shapes[kind]}.${what}` as Name, a, b);
  const [x, y] = [f.local("vector"), f.local("vector")];
  const test = op(what === "max" ? "i64x.gt_s" : "i64x.lt_s", get(x), get(y));
  return [set(x, a), set(y, b), op("vector.bitselect", get(x), get(y), test)];
};

/** The renderers; null if there is no vector form for any dtype. Then the whole kernel runs as JavaScript loops. */
const renders: { readonly [P in Exclude<OperationPrim, FunctionPrim>]: Render | null } = {
  neg: direct("neg"),
  abs: direct("abs"),
  sign,
  floor: floatOnly("floor"),
  ceil: floatOnly("ceil"),
  round: floatOnly("nearest"),
  trunc: floatOnly("trunc"),
  sqrt: direct("sqrt"),
  relu: (site, a) => {
    const x = site.f.local("vector");
    const name = `${shapes[site.kind]}.lt${float(site.kind) ? "" : "_s"}` as Name;
    // NaN is not below zero, and stays.
    return [set(x, a), op("vector.andnot", get(x), op(name, get(x), zero(site.kind)))];
  },
  isnan: (site, a) => {
    if (!float(site.kind)) return i32x(0);
    const x = site.f.local("vector");
    return [set(x, a), flag(site, op(`${shapes[site.kind]}.ne` as Name, get(x), get(x)))];
  },
  logicalNot: (_, a) => op("vector.xor", a, i32x(1)),
  bitwiseNot: ({ dtype }, a) => dtype === "bool" ? op("vector.xor", a, i32x(1)) : wrapped(dtype, op("vector.not", a)),
  add: (site, a, b) => site.dtype === "bool" ? op("vector.or", a, b) : direct("add")(site, a, b, []),
  sub: direct("sub"),
  mul: direct("mul"),
  div: direct("div"),
  maximum: extreme("max"),
  minimum: extreme("min"),
  eq: compare("eq"),
  ne: compare("ne"),
  lt: compare("lt"),
  le: compare("le"),
  gt: compare("gt"),
  ge: compare("ge"),
  logicalAnd: bits("and"),
  logicalOr: bits("or"),
  logicalXor: bits("xor"),
  bitwiseAnd: bits("and"),
  bitwiseOr: bits("or"),
  bitwiseXor: bits("xor"),
  bitwiseLeftShift: null,
  bitwiseRightShift: null,
  gcd: null,
  nextafter: null,
  where: ({ kind }, condition, b, c) => op("vector.bitselect", b, c, maskOf(kind, condition)),
};

/**
 * Whether an operation has a vector form for operands of a dtype. Functions of integers have none, since there is no vector
 * division of integers.
 */
export function hasVectorForm(prim: OperationPrim, dtype: DType): boolean {
  const kind = laneKind(dtype);
  return kind !== null && (isFunction(prim) ? float(kind) : renders[prim] !== null);
}

/** Renders an operation that has a vector form. */
export function renderOperation(prim: OperationPrim, site: Site, args: readonly Code[]): Code {
  const [a, b = [], c = []] = args as readonly [Code, Code?, Code?];
  if (!isFunction(prim)) return renders[prim]!(site, a, b, c);
  const expand = site.kind === "f32" ? vectorMath[prim] : null;
  return expand === null ? onHost(prim, site, args) : expand(site.f, a, b);
}

/** Whether an operation calls the host for operands of a dtype. */
export function needsHost(prim: ElementwisePrim, dtype: DType): prim is FunctionPrim {
  const kind = laneKind(dtype);
  return kind !== null && float(kind) && isFunction(prim) && !(kind === "f32" && vectorMath[prim] !== null);
}

/** Renders a cast; null if it has no vector form. */
export function castLanes(f: FunctionBuilder, dtype: DType, to: DType, a: Code): Code | null {
  const [from, kind] = [laneKind(dtype), laneKind(to)];
  if (from === null || kind === null) return null;
  if (to === "bool") {
    if (dtype === "bool") return a;
    return flag({ f, kind: from }, op(`${shapes[from]}.ne` as Name, a, zero(from)));
  }
  if (to === "bfloat16") {
    const single = castLanes(f, dtype, "float32", a);
    return single && roundedToBfloat16(f, single);
  }
  if (from === kind) return from === "i32" ? narrowed(dtype, to, a) : a;
  switch (`${from}>${kind}` as const) {
    case "f32>i32":
      return wrapped(to, op("i32x.trunc_sat_f32x_s", a));
    case "f64>i32":
      return wrapped(to, op("i32x.trunc_sat_f64x_s_zero", a));
    case "i64>i32":
      return wrapped(to, narrowMask(f, a));
    case "i32>f32":
      return op("f32x.convert_i32x_s", a);
    case "f64>f32":
      return op("f32x.demote_f64x_zero", a);
    case "f32>f64":
      return op("f64x.promote_low_f32x", a);
    case "i32>f64":
      return op("f64x.convert_low_i32x_s", a);
    case "i32>i64":
      return op("i64x.extend_low_i32x_s", a);
    default:
      return null; // casts between int64 and floats run as JavaScript loops
  }
}

function narrowed(from: DType, to: DType, a: Code): Code {
  return from === "bool" || from === to ? a : wrapped(to, a);
}
