/**
 * Generated code for Philox 4×32-10 (see philox.ts): four blocks at a time in every 16 bytes of a vector, and the conversion of words
 * to numbers.
 */
import { type CodeModule, type FunctionBuilder, ModuleBuilder } from "../../../../code/module.ts";
import {
  call,
  type Code,
  f32x,
  f64x,
  get,
  i32,
  i32x,
  i64,
  i64x,
  lanes,
  type Local,
  type Locals,
  memory,
  op,
  set,
  shuffle,
  whileLoop,
  wide,
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

/**
 * Selections from two vectors, within each 16 bytes: the even words of both, the odd words; their lower or higher pairs of words; the
 * words of the lower or higher pairs in turns. For vectors of 16 bytes by bytes, for wider ones by an operation and its immediate.
 */
const selections = {
  even: [[0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27], "shuffle_quads", 0b10_00_10_00],
  odd: [[4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31], "shuffle_quads", 0b11_01_11_01],
  low: [[0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23], "zip_low64", 0],
  high: [[8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31], "zip_high64", 0],
  lowTurns: [[0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23], "zip_low32", 0],
  highTurns: [[8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31], "zip_high32", 0],
} as const;

function select(f: FunctionBuilder, which: keyof typeof selections, a: Code, b: Code): Code {
  const [bytes, operation, immediate] = selections[which];
  return f.vectorBytes === 16 ? shuffle(bytes, a, b) : wide(operation, immediate, a, b);
}

/** The products of the lower (or higher) two words of each 16 bytes, in 64 bits. */
function products(f: FunctionBuilder, half: "low" | "high", a: Local, b: Local): Code {
  if (f.vectorBytes === 16) return op(`i64x.extmul_${half}_i32x_u`, get(a), get(b));
  return wide("multiply_even32", 0, select(f, `${half}Turns`, get(a), get(a)), get(b));
}

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
      set(p, products(f, "low", c[0], m0)),
      set(q, products(f, "high", c[0], m0)),
      set(r, products(f, "low", c[2], m1)),
      set(s, products(f, "high", c[2], m1)),
      set(c[0], op("vector.xor", op("vector.xor", select(f, "odd", get(r), get(s)), get(c[1])), get(k[0]))),
      set(c[1], select(f, "even", get(r), get(s))),
      set(c[2], op("vector.xor", op("vector.xor", select(f, "odd", get(p), get(q)), get(c[3])), get(k[1]))),
      set(c[3], select(f, "even", get(p), get(q))),
    );
    previous = [
      op("i32x.add", get(k[0]), i32x(0x9e3779b9)),
      op("i32x.add", get(k[1]), i32x(0xbb67ae85)),
    ];
  }
  return { code, words: [...c] };
}

/** Transposes vectors of one word each to vectors of one block each, within each 16 bytes. */
function transpose(f: FunctionBuilder, v: readonly Local[]): Code[] {
  const [a, b, c, d] = v.map((local) => get(local)) as [Code, Code, Code, Code];
  const turns = (half: "lowTurns" | "highTurns"): [Code, Code] => [select(f, half, a, b), select(f, half, c, d)];
  return [
    select(f, "low", ...turns("lowTurns")),
    select(f, "high", ...turns("lowTurns")),
    select(f, "low", ...turns("highTurns")),
    select(f, "high", ...turns("highTurns")),
  ];
}

/** Generates a module whose items are rounds of {@link blocksPerRound} blocks, written one after another. */
export function philoxModule(draw: Draw, vectorBytes: number): CodeModule {
  const module = new ModuleBuilder();
  if (vectorBytes === 16) {
    rounds(module.func(["i32", "i32", "i32", "i32"], [], "run"), draw);
    return module;
  }
  const rest = module.func(["i32", "i32", "i32", "i32"], []);
  rounds(rest, draw);
  const run = module.func(["i32", "i32", "i32", "i32"], [], "run", vectorBytes);
  rounds(run, draw);
  run.emit(call(rest, ...run.params.map(get)));
  return module;
}

/** Computes as many rounds at once as a vector has 16 bytes, until fewer are left. */
function rounds(f: FunctionBuilder, draw: Draw): void {
  const [block, begin, end] = f.params as Locals<3>;
  const [out, counter] = [f.local("i32"), f.local("i64")];
  const [first, second] = [f.local("vector"), f.local("vector")];
  const atOnce = f.vectorBytes / 16;
  const read = (name: "out" | "counterLow" | "counterHigh" | "key0" | "key1"): Code => philoxParams.read(block, name);
  const from = (offset: Code, bits: number): Code => op("i64.shl", op("i64.extend_i32_u", offset), i64(BigInt(bits)));
  const drawn = words(
    f,
    select(f, "even", get(first), get(second)),
    select(f, "odd", get(first), get(second)),
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
  // The numbers of the blocks 0 and 1 of each round.
  const beginning = atOnce === 1
    ? select(f, "low", i64x(0n), i64x(1n))
    : lanes(Array.from({ length: 4 * atOnce }, (_, i) => i % 2 === 0 ? i - i % 4 + i % 4 / 2 : 0));
  const store = (value: Code, i: number): Code => {
    if (atOnce === 1) return memory("vector.store", 16 * i, get(out), value);
    return [
      set(first, value),
      Array.from({ length: atOnce }, (_, round) =>
        memory(
          atOnce === 2 ? "vector.store_half" : "vector.store_quarter",
          64 * round + 16 * i,
          get(out),
          wide("quarter", round, get(first)),
        )),
    ];
  };
  f.emit(whileLoop(
    atOnce === 1
      ? op("i32.lt_s", get(begin), get(end))
      : op("i32.le_s", op("i32.add", get(begin), i32(atOnce)), get(end)),
    set(first, op("i64x.add", op("i64x.splat", get(counter)), beginning)),
    set(second, op("i64x.add", get(first), i64x(2n))),
    drawn.code,
    made.code,
    made.values.map(store),
    set(out, op("i32.add", get(out), i32(64 * atOnce))),
    set(counter, op("i64.add", get(counter), i64(BigInt(blocksPerRound * atOnce)))),
    set(begin, op("i32.add", get(begin), i32(atOnce))),
  ));
}

/** The lower (or higher) two words of each 16 bytes, shifted right, as float64. */
function toDoubles(f: FunctionBuilder, half: "low" | "high", word: Code, shift: number): Code {
  const shifted = (words: Code): Code => shift === 0 ? words : op("i32x.shr_u", words, i32(shift));
  if (f.vectorBytes === 16) {
    return op("f64x.convert_low_i32x_u", shifted(half === "low" ? word : select(f, "high", word, word)));
  }
  // A word below the high word of 2^52 is added to that number.
  return op("f64x.sub", select(f, `${half}Turns`, shifted(word), i32x(0x43300000)), f64x(2 ** 52));
}

/** Converts vectors of one word each to vectors of numbers in memory order. */
function numbers(f: FunctionBuilder, draw: Draw, w: readonly Local[]): { code: Code; values: Code[] } {
  switch (draw) {
    case "bits":
      return { code: [], values: transpose(f, w) };
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
      return { code: scaled, values: transpose(f, w) };
    }
    case "wide": {
      // Two words per number: 32 bits of one, and the upper 21 of the other.
      const pairs = [f.local("vector"), f.local("vector"), f.local("vector"), f.local("vector")] as const;
      const pair = (i: number, half: "low" | "high"): Code =>
        op(
          "f64x.add",
          op("f64x.mul", toDoubles(f, half, get(w[i]!), 0), f64x(2 ** -32)),
          op("f64x.mul", toDoubles(f, half, get(w[i + 1]!), 11), f64x(2 ** -53)),
        );
      return {
        code: [
          set(pairs[0], pair(0, "low")),
          set(pairs[1], pair(2, "low")),
          set(pairs[2], pair(0, "high")),
          set(pairs[3], pair(2, "high")),
        ],
        values: [
          select(f, "low", get(pairs[0]), get(pairs[1])),
          select(f, "high", get(pairs[0]), get(pairs[1])),
          select(f, "low", get(pairs[2]), get(pairs[3])),
          select(f, "high", get(pairs[2]), get(pairs[3])),
        ],
      };
    }
    case "normal": {
      const code = [boxMuller(f, w[0]!, w[1]!), boxMuller(f, w[2]!, w[3]!)];
      return { code, values: transpose(f, w) };
    }
  }
}
