import { type Code, type CodeModule, get, i32, interpret, memory, ModuleBuilder, wide } from "@heddle/tensor/code";
import { expect, test } from "vitest";
import { machine } from "../testing/machine.ts";
import { Random } from "../testing/values.ts";
import { compileModule } from "./compile.ts";
import { Unsupported } from "./target.ts";

const native = machine();
// Elsewhere the interpreter is what code with tiles is tested with.
const skip = typeof native === "string" || !native.tiles;

const [input, output, size] = [4096, 16384, 12288];

/** Runs code natively and in the interpreter on the same memory, and compares all that follows the input. */
function compare(code: (at: Code) => Code[], values: Uint32Array): Uint32Array {
  if (typeof native === "string") throw new Error(native);
  const module = moduleOf(code);
  const before = new Uint8Array(65536);
  before.set(new Uint8Array(values.buffer), input);
  const expected = before.slice();
  interpret(module, { memory: () => expected.buffer }).run!(input, 0, 1, 0);
  const heap = new Uint8Array(native.memory.buffer);
  heap.set(before.subarray(input), input);
  native.load(compileModule(module, "avx512", native.base).code)(input, 0, 1, 0);
  const words = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.slice(input, output + size).buffer);
  const [got, wanted] = [words(heap), words(expected)];
  const isNaN32 = (x: number): boolean => (x & 0x7fffffff) > 0x7f800000;
  const differs = got.findIndex((x, i) => x !== wanted[i] && !(isNaN32(x) && isNaN32(wanted[i]!)));
  const shown = (x: number | undefined): string => x === undefined ? "" : x.toString(16);
  expect(differs, `word ${differs}: ${shown(got[differs])}, expected ${shown(wanted[differs])}`).toBe(-1);
  return got.subarray((output - input) / 4);
}

function moduleOf(code: (at: Code) => Code[]): CodeModule {
  const module = new ModuleBuilder();
  const f = module.func(["i32", "i32", "i32", "i32"], [], "run", 64);
  f.emit(...code(get(f.params[0]!)));
  return module;
}

/** Bits of floats: of any kind, or of ordinary size. */
function bits(count: number, special: boolean): Uint32Array {
  const random = new Random(11);
  return Uint32Array.from({ length: count }, () => {
    const word = random.below(2 ** 32) >>> 0;
    if (special && random.below(3) === 0) {
      const exponent = [0, 0x00800000, 0x7f800000, 0x7f000000][random.below(4)]!;
      return (word & 0x807fffff | exponent) >>> 0;
    }
    return (word & 0x807fffff | (120 + random.below(14)) << 23) >>> 0;
  });
}

const product = (at: Code, sum: number, a: number, b: number): Code[] => [
  wide("tiles_begin", 0),
  wide("tile_load", 0 + sum, at),
  wide("tile_load", 1024 + a, at),
  wide("tile_load", 2048 + b, at),
  wide("tile_multiply", sum + 8 * a + 64 * b),
  wide("tile_store", sum, i32(output)),
  wide("tiles_end", 0),
];

for (const special of [false, true]) {
  test.skipIf(skip)(
    `products of tiles ${special ? "with infinities, NaN and subnormal numbers " : ""}have the model's bits`,
    () => {
      for (const [sum, a, b] of [[0, 4, 6], [3, 5, 7], [7, 0, 1], [2, 1, 0]] as const) {
        compare((at) => product(at, sum, a, b), bits(768, special));
      }
    },
  );
}

test.skipIf(skip)("tiles begin as zeros, are cleared, and keep what they hold", () => {
  const words = bits(768, false);
  const stored = compare((at) => [
    wide("tiles_begin", 0),
    wide("tile_store", 5, i32(output)),
    wide("tile_load", 5, at),
    wide("tile_load", 1024 + 2, at),
    wide("tile_zero", 5),
    wide("tile_store", 5, i32(output + 1024)),
    wide("tile_store", 8 * 256 + 2, i32(output)),
    wide("tiles_end", 0),
  ], words);
  expect(new Set(stored.subarray(0, 512))).toEqual(new Set([0]));
  expect(stored.subarray(512, 768)).toEqual(words.subarray(256, 512));
});

test.skipIf(skip)("rounding to bfloat16, and halves in turns, have the model's bits", () => {
  const vector = (i: number): Code => memory("vector.load", 64 * i, i32(input));
  const words = bits(1024, true);
  words.set([
    0x3f808000,
    0x3f818000,
    0x3f808001,
    0x7f7fffff,
    0xff7fffff,
    0x7f800001,
    0x7fffffff,
    0x80000000,
    0x007fffff,
  ]);
  compare(() =>
    Array.from({ length: 32 }, (_, i) => [
      memory("vector.store", 128 * i, i32(output), wide("round_both", 0, vector(2 * i), vector(2 * i + 1))),
      memory("vector.store", 128 * i + 64, i32(output), wide("zip_halves16", 0, vector(i))),
    ]), words);
});

test("AVX2 has no tiles", () => {
  expect(() => compileModule(moduleOf(() => [wide("tiles_begin", 0)]), "avx2", 0n)).toThrow(Unsupported);
});
