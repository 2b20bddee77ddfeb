/** The passes before and after the stages of a transform. Rows of memory hold pairs of real and imaginary parts. */
import type { FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import {
  type Code,
  f32,
  f64,
  get,
  i32,
  type Local,
  type Locals,
  memory,
  memoryLane,
  op,
  set,
  whileLoop,
} from "../../../../code/tree.ts";
import { addMul, advance, least, locals, times } from "../loops.ts";
import { type Complex, ComplexVectors, type FftDType, vectorBytes } from "./complex_vectors.ts";
import type { Direction } from "./fft_stages.ts";

interface Builder {
  readonly f: FunctionBuilder;
  readonly v: ComplexVectors;
}

/** A new function of so many i32 parameters. */
export function pass(module: ModuleBuilder, dtype: FftDType, fma: boolean, params: number): Builder {
  const f = module.func(new Array<"i32">(params).fill("i32"), []);
  return { f, v: new ComplexVectors(f, dtype, fma) };
}

/**
 * `(from, to, m, factors, scale)`: the last stage of one long row, whose lanes have transformed every fourth (or second) number. With
 * the twiddle factors, it combines the lanes of each element, times the float64 at `scale`. m is at least the number of lanes; the last
 * group of elements overlaps the one before.
 */
export function mergePass({ f, v }: Builder, direction: Direction): void {
  const [from, to, m, factors, scale] = f.params as Locals<5>;
  const { k, last, at, put, gap } = locals(f, "k", "last", "at", "put", "gap");
  const factor = f.local("vector");
  const rows = Array.from({ length: v.lanes }, (_, i) => v.loadPlanes(i * vectorBytes, get(at)));
  const re = v.transposed(rows.map((row) => row.re));
  const im = v.transposed(rows.map((row) => row.im));
  const terms = re.map((part, l) => {
    const term: Complex = { re: part, im: im[l]! };
    return l === 0 ? term : v.mul(term, v.loadPlanes((l - 1) * vectorBytes, get(factors)));
  });
  let results: Complex[];
  if (v.lanes === 2) results = [v.add(terms[0]!, terms[1]!), v.sub(terms[0]!, terms[1]!)];
  else {
    const [even, odd] = [v.add(terms[0]!, terms[2]!), v.add(terms[1]!, terms[3]!)];
    const [plus, minus] = v.turns(v.sub(terms[0]!, terms[2]!), v.sub(terms[1]!, terms[3]!));
    results = direction === 1
      ? [v.add(even, odd), plus, v.sub(even, odd), minus]
      : [v.add(even, odd), minus, v.sub(even, odd), plus];
  }
  results.forEach((result, q) => v.storePairs(0, addMul(get(put), get(gap), i32(q)), v.scaled(result, factor)));
  const group = v.take();
  f.emit(
    set(factor, scaleVector(v, scale)),
    set(gap, op("i32.mul", get(m), i32(v.bytes))),
    set(last, op("i32.sub", get(m), i32(v.lanes))),
    whileLoop(
      op("i32.lt_s", get(k), get(m)),
      set(at, least(get(k), get(last))),
      set(put, addMul(get(to), get(at), i32(v.bytes))),
      set(at, addMul(get(from), get(at), i32(vectorBytes))),
      group,
      advance(factors, (v.lanes - 1) * vectorBytes),
      advance(k, v.lanes),
    ),
  );
}

function scaleVector(v: ComplexVectors, scale: Local): Code {
  const value = memory("f64.load", 0, get(scale));
  return v.single ? op("f32x.splat", op("f32.demote_f64", value)) : op("f64x.splat", value);
}

/** Addresses of as many rows as a vector has lanes. Behind the last live row it is repeated. */
function rowAddresses(f: FunctionBuilder, lanes: number, base: Local, stride: Local, live: Local): [Local[], Code] {
  const rows = Array.from({ length: lanes }, () => f.local("i32"));
  const code = rows.map((row, r) =>
    set(row, addMul(get(base), get(stride), least(i32(r), op("i32.sub", get(live), i32(1)))))
  );
  return [rows, code];
}

/** `(from, stride, live, to, n)`: rows side by side in the lanes of n elements. */
export function gatherPass({ f, v }: Builder): void {
  const [from, stride, live, to, n] = f.params as Locals<5>;
  const [rows, code] = rowAddresses(f, v.lanes, from, stride, live);
  const pairs = v.single
    ? [0, 2].map((r) => {
      const low = v.vector(memory("vector.load_half", 0, get(rows[r]!)));
      return v.vector(memoryLane("vector.load64_lane", 0, 1, get(rows[r + 1]!), get(low)));
    })
    : rows.map((row) => v.vector(memory("vector.load", 0, get(row))));
  v.storePlanes(0, get(to), v.separate(pairs[0]!, pairs[1]!));
  f.emit(code, times(n, v.take(), rows.map((row) => advance(row, v.bytes)), advance(to, vectorBytes)));
}

/** `(from, to, stride, live, n, scale)`: the lanes of n elements as rows, times the float64 at `scale`. */
export function spreadPass({ f, v }: Builder): void {
  const [from, to, stride, live, n, scale] = f.params as Locals<6>;
  const [rows, code] = rowAddresses(f, v.lanes, to, stride, live);
  const factor = f.local("vector");
  const [low, high] = v.pairs(v.scaled(v.loadPlanes(0, get(from)), factor));
  rows.forEach((row, r) => {
    const pair = get(r < v.lanes / 2 ? low : high);
    v.run(
      v.single
        ? memoryLane("vector.store64_lane", 0, r % 2, get(row), pair)
        : memory("vector.store", 0, get(row), pair),
    );
  });
  f.emit(
    code,
    set(factor, scaleVector(v, scale)),
    times(n, v.take(), rows.map((row) => advance(row, v.bytes)), advance(from, vectorBytes)),
  );
}

/** `(a, b, to, count)`: products of complex numbers, `a · b`, or `conj(a) · b`. `to` may be a. */
export function productPass({ f, v }: Builder, conjugate: boolean): void {
  const [a, b, to, count] = f.params as Locals<4>;
  const product = (x: Complex, y: Complex): Complex => conjugate ? v.mulConjugate(x, y) : v.mul(x, y);
  v.storePairs(0, get(to), product(v.loadPairs(0, get(a)), v.loadPairs(0, get(b))));
  const wide = v.take();
  v.storeOne(get(to), product(v.loadOne(get(a)), v.loadOne(get(b))));
  const one = v.take();
  const step = (bytes: number): Code => [a, b, to].map((pointer) => advance(pointer, bytes));
  const { wides } = locals(f, "wides");
  f.emit(
    set(wides, op("i32.div_u", get(count), i32(v.lanes))),
    set(count, op("i32.rem_u", get(count), i32(v.lanes))),
    times(wides, wide, step(vectorBytes)),
    times(count, one, step(v.bytes)),
  );
}

/**
 * `(from, to, h, factors)`: turns the transform of pairs of adjacent real numbers into the spectrum of those numbers, numbers 0 to h,
 * or back. With S = Z[k] + conj(Z[h − k]) and D = Z[k] − conj(Z[h − k]), Z[k] becomes f · S + T[k] · D and its mirror image the conjugate
 * of f · S − T[k] · D. `to` may be `from`.
 *
 * @param inverse back, where the ends of the spectrum are real parts at 0 and h; f is ½ forward and 1 back.
 */
export function halvesPass({ f, v }: Builder, inverse: boolean): void {
  const [from, to, h, factors] = f.params as Locals<4>;
  const { a, b, put, back, left, wides } = locals(f, "a", "b", "put", "back", "left", "wides");
  const type = v.single ? "f32" : "f64";
  const [x, y] = [f.local(type), f.local(type)];
  const size = v.bytes / 2;
  const load = (offset: number, address: Code): Code => memory(`${type}.load`, offset, address);
  const store = (offset: number, address: Code, value: Code): Code => memory(`${type}.store`, offset, address, value);
  const zero: Code = type === "f32" ? f32(0) : f64(0);
  const end = addMul(get(from), get(h), i32(v.bytes));
  const endTo = addMul(get(to), get(h), i32(v.bytes));
  const [sum, difference] = [op(`${type}.add`, get(x), get(y)), op(`${type}.sub`, get(x), get(y))];

  const turn = (mirror: Complex, z: Complex, factor: Complex): [Complex, Complex] => {
    const plain = { re: v.addReal(z.re, mirror.re), im: v.subReal(z.im, mirror.im) };
    const turned = v.mul({ re: v.subReal(z.re, mirror.re), im: v.addReal(z.im, mirror.im) }, factor);
    const even = inverse ? plain : v.scaled(plain, v.constant(0.5));
    const odd = v.sub(even, turned);
    return [v.add(even, turned), { re: odd.re, im: v.subReal(v.constant(0), odd.im) }];
  };
  // A group of numbers, and its mirror image, backwards.
  const [z, mirror] = [v.loadPairs(0, get(a)), v.loadPairs(0, get(b), true)];
  const [result, image] = turn(mirror, z, v.loadPairs(0, get(factors)));
  v.storePairs(0, get(put), result);
  const reversed = (part: Local): Local => v.pick(v.single ? [3, 2, 1, 0] : [1, 0], part, part);
  v.storePairs(0, get(back), { re: reversed(image.re), im: reversed(image.im) });
  const wide = v.take();
  const [oneResult, oneImage] = turn(v.loadOne(get(b)), v.loadOne(get(a)), v.loadOne(get(factors)));
  v.storeOne(get(put), oneResult);
  v.storeOne(get(back), oneImage);
  const one = v.take();
  const move = (bytes: number): Code => [
    [a, put, factors].map((pointer) => advance(pointer, bytes)),
    [b, back].map((pointer) => advance(pointer, -bytes)),
  ];
  f.emit(
    set(x, load(0, get(from))),
    set(y, inverse ? load(0, end) : load(size, get(from))),
    store(0, get(to), sum),
    inverse
      ? store(size, get(to), difference)
      : [store(size, get(to), zero), store(0, endTo, difference), store(size, endTo, zero)],
    set(a, op("i32.add", get(from), i32(v.bytes))),
    set(put, op("i32.add", get(to), i32(v.bytes))),
    // The pairs of numbers 1 to h − 1; the middle one is its own image.
    set(left, op("i32.shr_u", get(h), i32(1))),
    set(wides, op("i32.div_u", op("i32.shr_u", op("i32.sub", get(h), i32(1)), i32(1)), i32(v.lanes))),
    set(left, op("i32.sub", get(left), op("i32.mul", get(wides), i32(v.lanes)))),
    set(b, addMul(get(from), op("i32.sub", get(h), i32(v.lanes)), i32(v.bytes))),
    set(back, addMul(get(to), op("i32.sub", get(h), i32(v.lanes)), i32(v.bytes))),
    times(wides, wide, move(vectorBytes)),
    [b, back].map((pointer) => advance(pointer, vectorBytes - v.bytes)),
    times(left, one, move(v.bytes)),
  );
}

/** `(to, count)`: zeros. */
export function zeroPass({ f, v }: Builder): void {
  const [to, count] = f.params as Locals<2>;
  const zero = v.constant(0);
  const setting = v.take();
  v.storeOne(get(to), { re: zero, im: zero });
  f.emit(setting, times(count, v.take(), advance(to, v.bytes)));
}
