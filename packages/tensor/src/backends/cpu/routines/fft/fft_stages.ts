/**
 * The stages of a transform (Stockham's algorithm, which leaves the results in order). A stage of radix r combines elements that
 * are m · s apart, where s is the product of the radices before it and m that of those after it:
 *
 *     to[q + s · (r · p + k)] = w^(p · k) · Σ_j from[q + s · (p + m · j)] · w_r^(j · k),  w = exp(±2πi / (r · m))
 *
 * An element is a vector of complex numbers: each lane has a transform of its own.
 */
import type { FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import { call, type Code, get, i32, type Locals, memory, op, set, when } from "../../../../code/tree.ts";
import { addMul, advance, locals, times } from "../loops.ts";
import { type Complex, ComplexVectors, type FftDType, vectorBytes } from "./complex_vectors.ts";

/** The radices with code of their own. Others are odd, and share a loop. */
export const unrolledRadices = [2, 3, 4, 5, 7] as const;

/** The words of a stage in memory: the radix, m, s, and the addresses of the twiddle factors and of cosines and sines of 2πk / r. */
export const stageWords = 5;

/** The sign of the exponent. */
export type Direction = 1 | -1;

/** Transforms of r points. */
function butterfly(v: ComplexVectors, a: readonly Complex[], direction: Direction): Complex[] {
  const radix = a.length;
  if (radix === 2) return [v.add(a[0]!, a[1]!), v.sub(a[0]!, a[1]!)];
  if (radix === 4) {
    const [even, odd] = [v.add(a[0]!, a[2]!), v.add(a[1]!, a[3]!)];
    const [plus, minus] = v.turns(v.sub(a[0]!, a[2]!), v.sub(a[1]!, a[3]!));
    const [one, three] = direction === 1 ? [plus, minus] : [minus, plus];
    return [v.add(even, odd), one, v.sub(even, odd), three];
  }
  const half = (radix - 1) / 2;
  const pairs = Array.from({ length: half }, (_, j) => ({
    sum: v.add(a[j + 1]!, a[radix - 1 - j]!),
    difference: v.sub(a[j + 1]!, a[radix - 1 - j]!),
  }));
  const results = new Array<Complex>(radix);
  results[0] = pairs.reduce((total, { sum }) => v.add(total, sum), a[0]!);
  for (let k = 1; k <= half; k++) {
    let even = a[0]!;
    let odd: Complex | null = null;
    pairs.forEach(({ sum, difference }, j) => {
      const angle = 2 * Math.PI * (((j + 1) * k) % radix) / radix;
      const [cosine, sine] = [v.constant(Math.cos(angle)), v.constant(direction * Math.sin(angle))];
      even = { re: v.mulAdd(sum.re, cosine, even.re), im: v.mulAdd(sum.im, cosine, even.im) };
      odd = odd === null
        ? v.scaled(difference, sine)
        : { re: v.mulAdd(difference.re, sine, odd.re), im: v.mulAdd(difference.im, sine, odd.im) };
    });
    [results[k], results[radix - k]] = v.turns(even, odd!);
  }
  return results;
}

/** Where elements are read from, and whether the results are multiplied by twiddle factors: the last stage has none. */
interface Form {
  readonly pairs: boolean;
  readonly twiddled: boolean;
}

/** A function `(stage, from, to, scratch)` for one radix. */
function unrolledStage(
  f: FunctionBuilder,
  dtype: FftDType,
  fma: boolean,
  direction: Direction,
  radix: number,
  { pairs, twiddled }: Form,
): void {
  const v = new ComplexVectors(f, dtype, fma);
  const [stage, from, to] = [f.params[0]!, f.params[1]!, f.params[2]!];
  const { p, q, s, inGap, outGap, outRest, factors } = locals(
    f,
    "p",
    "q",
    "s",
    "inGap",
    "outGap",
    "outRest",
    "factors",
  );
  const gaps = Array.from({ length: radix }, () => ({ at: f.local("i32"), put: f.local("i32") }));
  const twiddles = twiddled ? Array.from({ length: radix - 1 }, (_, k) => v.splatPair(k * v.bytes, get(factors))) : [];
  const loading = v.take();
  const address = (base: typeof from, k: number, gap: typeof from): Code =>
    k === 0 ? get(base) : op("i32.add", get(base), get(gap));
  const inputs = gaps.map(({ at }, j) =>
    pairs ? v.loadPairs(0, address(from, j, at)) : v.loadPlanes(0, address(from, j, at))
  );
  butterfly(v, inputs, direction).forEach((result, k) => {
    v.storePlanes(0, address(to, k, gaps[k]!.put), twiddled && k > 0 ? v.mul(result, twiddles[k - 1]!) : result);
  });
  const body = v.take();
  f.emit(
    set(p, memory("i32.load", 4, get(stage))),
    set(s, memory("i32.load", 8, get(stage))),
    set(factors, memory("i32.load", 12, get(stage))),
    set(outGap, op("i32.mul", get(s), i32(vectorBytes))),
    set(inGap, op("i32.mul", get(outGap), get(p))),
    set(outRest, op("i32.mul", get(outGap), i32(radix - 1))),
    gaps.slice(1).map(({ at, put }, j) => [
      set(at, op("i32.mul", get(inGap), i32(j + 1))),
      set(put, op("i32.mul", get(outGap), i32(j + 1))),
    ]),
    times(
      p,
      loading,
      set(q, get(s)),
      times(q, body, advance(from, vectorBytes), advance(to, vectorBytes)),
      advance(to, get(outRest)),
      twiddled ? advance(factors, (radix - 1) * v.bytes) : [],
    ),
  );
}

/** The same for any odd radix. Sums and differences of the elements j and r − j are kept in scratch memory. */
function looseStage(
  f: FunctionBuilder,
  dtype: FftDType,
  fma: boolean,
  direction: Direction,
  pairs: boolean,
): void {
  const v = new ComplexVectors(f, dtype, fma);
  const [stage, from, to, scratch] = [f.params[0]!, f.params[1]!, f.params[2]!, f.params[3]!];
  const { p, q, s, m, j, k, radix, half, inGap, outGap, outRest, factors, roots, at, back, kept, turn } = locals(
    f,
    ...["p", "q", "s", "m", "j", "k", "radix", "half", "inGap", "outGap", "outRest", "factors", "roots"] as const,
    ...["at", "back", "kept", "turn"] as const,
  );
  const complex = (): Complex => ({ re: f.local("vector"), im: f.local("vector") });
  const [first, total, even, odd] = [complex(), complex(), complex(), complex()];
  const assign = (to: Complex, { re, im }: Complex): Code => [set(to.re, get(re)), set(to.im, get(im))];
  const load = (address: Code): Complex => pairs ? v.loadPairs(0, address) : v.loadPlanes(0, address);

  const start = load(get(from));
  const starting = [v.take(), assign(first, start), assign(total, start)];

  const [a, b] = [load(get(at)), load(get(back))];
  const sum = v.add(a, b);
  v.storePlanes(0, get(kept), sum);
  v.storePlanes(vectorBytes, get(kept), v.sub(a, b));
  const next = v.add(total, sum);
  const gathering = [v.take(), assign(total, next)];

  v.storePlanes(0, get(to), total);
  const storingFirst = v.take();

  const root = addMul(get(roots), get(turn), i32(v.bytes));
  const factor = v.splatPair(0, root);
  const [u, d] = [v.loadPlanes(0, get(kept)), v.loadPlanes(vectorBytes, get(kept))];
  const evenNext = { re: v.mulAdd(u.re, factor.re, even.re), im: v.mulAdd(u.im, factor.re, even.im) };
  const oddNext = { re: v.mulAdd(d.re, factor.im, odd.re), im: v.mulAdd(d.im, factor.im, odd.im) };
  const adding = [v.take(), assign(even, evenNext), assign(odd, oddNext)];

  const [plus, minus] = v.turns(even, odd);
  const [one, other] = direction === 1 ? [plus, minus] : [minus, plus];
  const twiddle = (index: Code): Complex =>
    v.splatPair(0, addMul(get(factors), op("i32.sub", index, i32(1)), i32(v.bytes)));
  const mirrored = op("i32.sub", get(radix), get(k));
  v.storePlanes(0, addMul(get(to), get(k), get(outGap)), v.mul(one, twiddle(get(k))));
  v.storePlanes(0, addMul(get(to), mirrored, get(outGap)), v.mul(other, twiddle(mirrored)));
  const storing = v.take();

  const zero = v.constant(0);
  const zeroing = [v.take(), assign(odd, { re: zero, im: zero }), assign(even, first)];
  f.emit(
    set(radix, memory("i32.load", 0, get(stage))),
    set(m, memory("i32.load", 4, get(stage))),
    set(s, memory("i32.load", 8, get(stage))),
    set(factors, memory("i32.load", 12, get(stage))),
    set(roots, memory("i32.load", 16, get(stage))),
    set(half, op("i32.shr_u", get(radix), i32(1))),
    set(outGap, op("i32.mul", get(s), i32(vectorBytes))),
    set(inGap, op("i32.mul", get(outGap), get(m))),
    set(outRest, op("i32.mul", get(outGap), op("i32.sub", get(radix), i32(1)))),
    set(p, get(m)),
    times(
      p,
      set(q, get(s)),
      times(
        q,
        starting,
        set(at, op("i32.add", get(from), get(inGap))),
        set(back, addMul(get(from), get(inGap), op("i32.sub", get(radix), i32(1)))),
        set(kept, get(scratch)),
        set(j, get(half)),
        times(
          j,
          gathering,
          advance(at, get(inGap)),
          set(back, op("i32.sub", get(back), get(inGap))),
          advance(kept, 2 * vectorBytes),
        ),
        storingFirst,
        set(k, i32(1)),
        set(at, get(half)), // counts the outputs from here on
        times(
          at,
          zeroing,
          set(turn, get(k)),
          set(kept, get(scratch)),
          set(j, get(half)),
          times(
            j,
            adding,
            advance(kept, 2 * vectorBytes),
            advance(turn, get(k)),
            when(op("i32.ge_u", get(turn), get(radix)), set(turn, op("i32.sub", get(turn), get(radix)))),
          ),
          storing,
          advance(k, 1),
        ),
        advance(from, vectorBytes),
        advance(to, vectorBytes),
      ),
      advance(to, get(outRest)),
      advance(factors, op("i32.mul", op("i32.sub", get(radix), i32(1)), i32(v.bytes))),
    ),
  );
}

/**
 * The function `(stages, count, from, a, b, scratch)`, which runs stages between the buffers a and b and returns the address of the
 * result. With `pairs` the first stage reads `from` as pairs of real and imaginary parts.
 */
export function stagesFunction(
  module: ModuleBuilder,
  dtype: FftDType,
  fma: boolean,
  direction: Direction,
  pairs: boolean,
): FunctionBuilder {
  const make = (build: (f: FunctionBuilder) => void): FunctionBuilder => {
    const f = module.func(["i32", "i32", "i32", "i32"], []);
    build(f);
    return f;
  };
  const forms = unrolledRadices.map((radix) => ({
    radix,
    of: (form: Form) => make((f) => unrolledStage(f, dtype, fma, direction, radix, form)),
  })).map(({ radix, of }) => ({
    radix,
    inner: of({ pairs: false, twiddled: true }),
    last: of({ pairs: false, twiddled: false }),
    first: pairs ? of({ pairs: true, twiddled: true }) : null,
    only: pairs ? of({ pairs: true, twiddled: false }) : null,
  }));
  const loose = make((f) => looseStage(f, dtype, fma, direction, false));
  const looseFirst = pairs ? make((f) => looseStage(f, dtype, fma, direction, true)) : null;
  const f = module.func(["i32", "i32", "i32", "i32", "i32", "i32"], ["i32"]);
  const [stage, count, from, a, b, scratch] = f.params as Locals<6>;
  const [to, radix, isLast] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const args = [get(stage), get(from), get(to), get(scratch)];
  const chain = (first: boolean): Code =>
    forms.reduceRight<Code>(
      (rest, { radix: r, inner, last, first: firstForm, only }) =>
        when(
          op("i32.eq", get(radix), i32(r)),
          when(
            get(isLast),
            call(first ? only! : last, ...args),
            call(first ? firstForm! : inner, ...args),
          ),
          rest,
        ),
      call(first ? looseFirst! : loose, ...args),
    );
  const step = (first: boolean): Code => [
    set(to, op("select", get(b), get(a), op("i32.eq", get(from), get(a)))),
    set(radix, memory("i32.load", 0, get(stage))),
    set(isLast, op("i32.eq", memory("i32.load", 4, get(stage)), i32(1))),
    chain(first),
    set(from, get(to)),
    advance(stage, 4 * stageWords),
  ];
  f.emit(
    pairs ? [step(true), set(count, op("i32.sub", get(count), i32(1)))] : [],
    times(count, step(false)),
    get(from),
  );
  return f;
}
