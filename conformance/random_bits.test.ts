/** Random numbers have the same bits on every runtime, on the devices `cpu` and `reference`: recorded once, compared on all of them. */
import { RandomSampler, WeightedRandomSampler } from "@heddle/data";
import { functional, init } from "@heddle/nn";
import {
  bernoulli,
  empty,
  Generator,
  multinomial,
  normal,
  ones,
  rand,
  randint,
  randn,
  randperm,
  setDefaultDevice,
  type Tensor,
  tidy,
} from "@heddle/tensor";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const count = 100_003;
const weights = Array.from({ length: 1000 }, (_, i) => i % 7);

/** The draws, and the first bytes of the SHA-256 of their little-endian elements. */
const draws: { readonly [name: string]: readonly [(generator: Generator) => Tensor | Iterable<number>, string] } = {
  "rand float32": [(generator) => rand([count], { generator }), "4bdc5ca9d9993323"],
  "rand float64": [(generator) => rand([count], { generator, dtype: "float64" }), "98f2ef5fda095d3e"],
  "rand float16": [(generator) => rand([count], { generator, dtype: "float16" }), "a5da3e264ddc6dec"],
  "randn float32": [(generator) => randn([count], { generator }), "7010568e2a14f09e"],
  "randn float64": [(generator) => randn([count], { generator, dtype: "float64" }), "d6ba0d88aafa5487"],
  "randn float16": [(generator) => randn([count], { generator, dtype: "float16" }), "d2ec6a433ceb28e8"],
  "randint": [(generator) => randint(-7, 1000, [count], { generator }), "e0e46940bb3cd4df"],
  "randperm": [(generator) => randperm(count, { generator }), "03a6ad7358b48b5b"],
  "bernoulli": [(generator) => bernoulli(rand([count], { generator }), { generator }), "e4c2a02d530140d4"],
  "normal": [(generator) => normal(2, 3, [count], { generator }), "50ce304950756f76"],
  "uniform_": [(generator) => empty([count]).uniform_(-3, 5, { generator }), "c7f8591293bfb6cf"],
  "normal_": [(generator) => empty([count]).normal_(1, 0.02, { generator }), "8714d21fac42871c"],
  "bernoulli_": [(generator) => empty([count]).bernoulli_(0.3, { generator }), "90b89fa38e6404c1"],
  "multinomial": [(generator) => multinomial(rand([4, 300], { generator }), 200, { generator }), "90098b088ff3433c"],
  "dropout": [(generator) => functional.dropout(ones([count]), 0.3, { generator }), "6a64c1c4f81f1390"],
  "kaimingUniform_": [(generator) => init.kaimingUniform_(empty([300, 200]), { generator }), "1cfd299468e2be07"],
  "xavierNormal_": [(generator) => init.xavierNormal_(empty([300, 200]), { generator }), "388ff870e03374f2"],
  "RandomSampler": [(generator) => new RandomSampler({ length: 1000 }, { generator }), "347baa73680403cb"],
  "WeightedRandomSampler": [(generator) => new WeightedRandomSampler(weights, 5000, { generator }), "6ccda8915afdece8"],
};

function digest(drawn: Tensor | Iterable<number>): string {
  const values = Symbol.iterator in drawn ? Float64Array.from(drawn) : drawn.toTypedArray();
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

describe.each(["cpu", "reference"])("on %s", (device) => {
  beforeAll(() => setDefaultDevice(device));
  afterAll(() => setDefaultDevice("cpu"));
  test.each(Object.entries(draws))("%s", (_, [draw, recorded]) => {
    expect(tidy(() => digest(draw(new Generator(20_261_129))))).toBe(recorded);
  });
});
