import { expect, test } from "vitest";
import { cpuFeatures, type CpuidWords, type CpuWords, decodeFeatures, supports } from "./cpu.ts";
import { foreign } from "./foreign.ts";

const intel = [0x756e6547, 0x6c65746e, 0x49656e69] as const;
const amd = [0x68747541, 0x444d4163, 0x69746e65] as const;
const none: CpuidWords = [0, 0, 0, 0];

/** Words that processors gave. XCR0 is what Linux sets on them. */
const recorded = {
  haswell: {
    leaf0: [0xd, ...intel],
    leaf1: [0x000306c3, 0x03100800, 0x7fdafbbf, 0xbfebfbff],
    leaf7: [0, 0x000027ab, 0, 0],
    leaf7a: none,
    extended: [0, 0, 0x21, 0x2c100000],
    xcr0: 0x7,
  },
  skylakeX: {
    leaf0: [0x16, ...intel],
    leaf1: [0x00050654, 0x0a100800, 0x7ffefbbf, 0xbfebfbff],
    leaf7: [0, 0xd39ffffb, 0, 0x0c000000],
    leaf7a: none,
    extended: [0, 0, 0x121, 0x2c100800],
    xcr0: 0xe7,
  },
  zen4: {
    leaf0: [0x10, ...amd],
    leaf1: [0x00a60f12, 0x00180800, 0x7ef8320b, 0x178bfbff],
    leaf7: [1, 0xf1bf97a9, 0x00405fce, 0x10000010],
    leaf7a: [0x20, 0, 0, 0],
    extended: [0x00a60f12, 0, 0x75c237ff, 0x2fd3fbff],
    xcr0: 0x2e7,
  },
  sapphireRapids: {
    leaf0: [0x24, ...intel],
    leaf1: [0x000a0671, 0x01020800, 0xfffa3203, 0x1f8bfbff],
    leaf7: [2, 0xf1bf2ffb, 0x1a415f46, 0x23c14010],
    leaf7a: [0x1c30, 0, 0, 0x84000],
    extended: [0, 0, 0x121, 0x2c100800],
    xcr0: 0x600e7,
  },
} satisfies Record<string, CpuWords>;

const enabled = (words: CpuWords): string[] =>
  Object.entries(decodeFeatures(words)).filter(([, value]) => value === true).map(([name]) => name);

const base = ["avx2", "fma", "bmi1", "bmi2", "lzcnt", "f16c"];
const avx512 = ["avx512f", "avx512bw", "avx512dq", "avx512vl"];

test("features are decoded from what processors gave", () => {
  expect(enabled(recorded.haswell)).toEqual(base);
  expect(enabled(recorded.skylakeX)).toEqual([...base, ...avx512]);
  expect(enabled(recorded.zen4)).toEqual([...base, ...avx512, "avx512bf16"]);
  expect(enabled(recorded.sapphireRapids)).toEqual([
    ...base,
    ...avx512,
    "avx512bf16",
    "avx512fp16",
    "amxTile",
    "amxBf16",
    "amxInt8",
  ]);
  expect(Object.values(recorded).map((words) => decodeFeatures(words).vendor)).toEqual([
    "GenuineIntel",
    "GenuineIntel",
    "AuthenticAMD",
    "GenuineIntel",
  ]);
});

test("registers that the system does not save are not used", () => {
  const words = recorded.sapphireRapids;
  expect(enabled({ ...words, xcr0: 0xe7 })).toEqual([...base, ...avx512, "avx512bf16", "avx512fp16"]);
  expect(enabled({ ...words, xcr0: 0x7 })).toEqual(base);
  for (const xcr0 of [0x27, 0x67, 0xa7]) expect(enabled({ ...words, xcr0 })).toEqual(base);
  expect(enabled({ ...words, xcr0: 0x3 })).toEqual(["bmi1", "bmi2", "lzcnt"]);
  const [a, b, c, d] = words.leaf1;
  expect(enabled({ ...words, leaf1: [a, b, c & ~(1 << 27), d] })).toEqual(["bmi1", "bmi2", "lzcnt"]);
});

test("targets need all of their features", () => {
  const haswell = decodeFeatures(recorded.haswell);
  const zen4 = decodeFeatures(recorded.zen4);
  expect([supports(haswell, "avx2"), supports(haswell, "avx512")]).toEqual([true, false]);
  expect([supports(zen4, "avx2"), supports(zen4, "avx512")]).toEqual([true, true]);
  for (const name of ["avx2", "fma", "bmi1", "bmi2", "lzcnt", "f16c"]) {
    expect(supports({ ...zen4, [name]: false }, "avx2"), name).toBe(false);
    expect(supports({ ...zen4, [name]: false }, "avx512"), name).toBe(false);
  }
  for (const name of avx512) expect(supports({ ...zen4, [name]: false }, "avx512"), name).toBe(false);
});

test("this processor's features agree with what Linux says", async ({ skip }) => {
  const calls = foreign();
  if (typeof calls === "string") return skip(calls);
  const { readFileSync } = await import("node:fs");
  const flags = new Set(/^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))![1]!.split(" "));
  const features = cpuFeatures(calls);
  const names: Record<string, string> = { lzcnt: "abm", avx512bf16: "avx512_bf16", avx512fp16: "avx512_fp16" };
  Object.assign(names, { amxTile: "amx_tile", amxBf16: "amx_bf16", amxInt8: "amx_int8" });
  for (const [name, value] of Object.entries(features)) {
    if (name !== "vendor") expect(value, name).toBe(flags.has(names[name] ?? name));
  }
});
