/** Generated code for Philox 4×32-10 (see philox.ts): four blocks at a time, and the conversion of words to numbers. */
import { type CodeModule, type FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import {
  type Code,
  f32x,
  f64x,
  get,
  i32,
  i32x,
  i64,
  i64x,
  type Local,
  type Locals,
  memory,
  op,
  set,
  shuffle,
  whileLoop,
} from "../../../../code/tree.ts";
import { Params } from "../loops.ts";
import { boxMuller } from "./normal_pairs.ts";

/** The conversion of words: none, float32 or float64 ("wide") in [0, 1), or float32 of the standard normal distribution. */
export type Draw = "bits" | "uniform" | "wide" | "normal";

/** The number of blocks per round: 64 bytes of words. */
export const blocksPerRound = 4;

/** The parameters: the address of the output, the counter of the first block, and the key. */
export const philoxParams: Params<"out" | "counterLow" | "counterHigh" | "key0" | "key1"> = new Params([
  "out",
  "counterLow",
  "counterHigh",
  "key0",
  "key1",
]);

const evenWords = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];
const oddWords = evenWords.map((byte) => byte + 4);
/** Shuffles that take the lower or the upper halves of two vectors. */
const lows = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const highs = lows.map((byte) => byte + 8);

/**
 * The words 0 to 3 of four blocks, one vector per word, for the four counters in the lanes of `low` and `high`. The keys of the ten
 * rounds are computed once; they and the multipliers stay in locals.
 */
function words(f: FunctionBuilder, low: Code, high: Code, key: readonly [Code, Code]): { code: Code; words: Local[] } {
  const c = [f.local("vector"), f.local("vector"), f.local("vector"), f.local("vector")] as const;
  const [p, q, r, s] = [f.local("vector"), f.local("vector"), f.local("vector"), f.local("vector")];
  const [m0, m1] = [f.local("vector"), f.local("vector")];
  f.emit(set(m0, i32x(0xd2511f53)), set(m1, i32x(0xcd9e8d57)));
  const code: Code[] = [set(c[0], low), set(c[1], high), set(c[2], i32x(0)), set(c[3], i32x(0))];
  let previous = key;
  for (let round = 0; round < 10; round++) {
    const k = [f.local("vector"), f.local("vector")] as const;
    f.emit(set(k[0], previous[0]), set(k[1], previous[1]));
    code.push(
      set(p, op("i64x.extmul_low_i32x_u", get(c[0]), get(m0))),
      set(q, op("i64x.extmul_high_i32x_u", get(c[0]), get(m0))),
      set(r, op("i64x.extmul_low_i32x_u", get(c[2]), get(m1))),
      set(s, op("i64x.extmul_high_i32x_u", get(c[2]), get(m1))),
      set(c[0], op("vector.xor", op("vector.xor", shuffle(oddWords, get(r), get(s)), get(c[1])), get(k[0]))),
      set(c[1], shuffle(evenWords, get(r), get(s))),
      set(c[2], op("vector.xor", op("vector.xor", shuffle(oddWords, get(p), get(q)), get(c[3])), get(k[1]))),
      set(c[3], shuffle(evenWords, get(p), get(q))),
    );
    previous = [
      op("i32x.add", get(k[0]), i32x(0x9e3779b9)),
      op("i32x.add", get(k[1]), i32x(0xbb67ae85)),
    ];
  }
  return { code, words: [...c] };
}

/** Transposes four vectors of one word each to four vectors of one block each. */
function transpose(v: readonly Local[]): Code[] {
  const [a, b, c, d] = v.map((local) => get(local)) as [Code, Code, Code, Code];
  const lowPairs = [0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23];
  const highPairs = lowPairs.map((byte) => byte + 8);
  return [
    shuffle(lows, shuffle(lowPairs, a, b), shuffle(lowPairs, c, d)),
    shuffle(highs, shuffle(lowPairs, a, b), shuffle(lowPairs, c, d)),
    shuffle(lows, shuffle(highPairs, a, b), shuffle(highPairs, c, d)),
    shuffle(highs, shuffle(highPairs, a, b), shuffle(highPairs, c, d)),
  ];
}

/** Generates a module whose items are rounds of {@link blocksPerRound} blocks, written one after another. */
export function philoxModule(draw: Draw): CodeModule {
  const module = new ModuleBuilder();
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run");
  const [block, begin, end] = f.params as Locals<3>;
  const [out, counter] = [f.local("i32"), f.local("i64")];
  const [first, second] = [f.local("vector"), f.local("vector")];
  const read = (name: "out" | "counterLow" | "counterHigh" | "key0" | "key1"): Code => philoxParams.read(block, name);
  const from = (offset: Code, bits: number): Code => op("i64.shl", op("i64.extend_i32_u", offset), i64(BigInt(bits)));
  const drawn = words(
    f,
    shuffle(evenWords, get(first), get(second)),
    shuffle(oddWords, get(first), get(second)),
    [op("i32x.splat", read("key0")), op("i32x.splat", read("key1"))],
  );
  f.emit(
    set(out, op("i32.add", read("out"), op("i32.shl", get(begin), i32(6)))),
    set(
      counter,
      op(
        "i64.add",
        op("i64.or", from(read("counterHigh"), 32), from(read("counterLow"), 0)),
        from(get(begin), 2),
      ),
    ),
  );
  const made = numbers(f, draw, drawn.words);
  f.emit(whileLoop(
    op("i32.lt_s", get(begin), get(end)),
    set(first, op("i64x.add", op("i64x.splat", get(counter)), shuffle(lows, i64x(0n), i64x(1n)))),
    set(second, op("i64x.add", get(first), i64x(2n))),
    drawn.code,
    made.code,
    made.values.map((value, i) => memory("vector.store", 16 * i, get(out), value)),
    set(out, op("i32.add", get(out), i32(64))),
    set(counter, op("i64.add", get(counter), i64(BigInt(blocksPerRound)))),
    set(begin, op("i32.add", get(begin), i32(1))),
  ));
  return module;
}

/** Converts vectors of one word each to vectors of numbers in memory order. */
function numbers(f: FunctionBuilder, draw: Draw, w: readonly Local[]): { code: Code; values: Code[] } {
  switch (draw) {
    case "bits":
      return { code: [], values: transpose(w) };
    case "uniform": {
      const scaled = w.map((word) =>
        set(
          word,
          op(
            "f32x.mul",
            op("f32x.convert_i32x_s", op("i32x.shr_u", get(word), i32(8))),
            f32x(2 ** -24),
          ),
        )
      );
      return { code: scaled, values: transpose(w) };
    }
    case "wide": {
      // Two words per number: 32 bits of one, and the upper 21 of the other.
      const lanes = [f.local("vector"), f.local("vector"), f.local("vector"), f.local("vector")] as const;
      const upper = (word: Code): Code => shuffle(highs, word, word);
      const wide = (high: Code, low: Code): Code =>
        op(
          "f64x.add",
          op("f64x.mul", op("f64x.convert_low_i32x_u", high), f64x(2 ** -32)),
          op("f64x.mul", op("f64x.convert_low_i32x_u", op("i32x.shr_u", low, i32(11))), f64x(2 ** -53)),
        );
      const pair = (i: number, half: (word: Code) => Code): Code => wide(half(get(w[i]!)), half(get(w[i + 1]!)));
      return {
        code: [
          set(lanes[0], pair(0, (word) => word)),
          set(lanes[1], pair(2, (word) => word)),
          set(lanes[2], pair(0, upper)),
          set(lanes[3], pair(2, upper)),
        ],
        values: [
          shuffle(lows, get(lanes[0]), get(lanes[1])),
          shuffle(highs, get(lanes[0]), get(lanes[1])),
          shuffle(lows, get(lanes[2]), get(lanes[3])),
          shuffle(highs, get(lanes[2]), get(lanes[3])),
        ],
      };
    }
    case "normal": {
      const code = [boxMuller(f, w[0]!, w[1]!), boxMuller(f, w[2]!, w[3]!)];
      return { code, values: transpose(w) };
    }
  }
}
