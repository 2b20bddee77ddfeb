import { arange, type Tensor, tensor, zeros } from "@heddle/tensor";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { load, openTensors } from "../load.ts";
import { encode, save } from "../save.ts";
import { MemoryTarget } from "../files/byte_target.ts";
import { writeArchive } from "../zip/write_archive.ts";
import { bytesFrom, expectRecorded, recordedFiles } from "../testing/recorded.ts";

const files = recordedFiles("numpy");
const file = (name: string): Uint8Array<ArrayBuffer> => bytesFrom(files.find((each) => each.name === name)!.file);

test.each(files.filter((each) => each.array).map((each) => [each.name, each] as const))(
  ".npy: %s",
  async (_, recorded) => {
    const bytes = bytesFrom(recorded.file);
    await expectRecorded(await load<Tensor>(bytes), recorded.array!);
    await expectRecorded(await (await openTensors(bytes)).get("array"), recorded.array!);
  },
);

test.each(["npz", "npz, compressed"])("%s", async (name) => {
  const recorded = files.find((each) => each.name === name)!.tensors!, state = await load(file(name));
  expect(Object.keys(state)).toEqual(Object.keys(recorded));
  for (const [key, expected] of Object.entries(recorded)) await expectRecorded(state[key]!, expected);
});

test("an archive with arrays that no tensor can hold: openTensors reads the others", async () => {
  const target = new MemoryTarget();
  const names = { a: "version 1", words: "strings", things: "objects" };
  await writeArchive(target, Object.entries(names).map(([name, of]) => ({ name: `${name}.npy`, content: [file(of)] })));
  await expect(load(target.bytes())).rejects.toThrow(
    'load: the Uint8Array: "words" has the type "<U2", which tensors have no dtype for; openTensors reads the other arrays by name',
  );
  const opened = await openTensors(target.bytes());
  expect([...opened.tensors.keys()]).toEqual(["a"]);
  expect((await opened.get("a")).toArray()).toEqual((await load<Tensor>(file("version 1"))).toArray());
  await expect(opened.get("things")).rejects.toThrow('get: "things" is an array of Python objects');
  await opened.close();
  await expect(load(file("strings"))).rejects.not.toThrow(/damaged/);
});

describe("refused:", () => {
  test.each<[string, RegExp]>([
    ["structured", /"array" has a structured type; save its fields/],
    ["objects", /"array" is an array of Python objects, which are pickled and not read/],
    ["strings", /"array" has the type "<U2", which tensors have no dtype for/],
    ["complex", /the type "<c8"/],
    ["dates", /"array" has the type "<M8\[s\]"/],
  ])("%s", async (name, message) => {
    await expect(load(file(name))).rejects.toThrow(message);
  });

  const header = (text: string, data = 24, version = 1): Uint8Array => {
    const length = version === 1 ? [text.length & 255, text.length >> 8] : [text.length & 255, text.length >> 8, 0, 0];
    return Uint8Array.from([
      0x93,
      ...Buffer.from("NUMPY"),
      version,
      0,
      ...length,
      ...Buffer.from(text),
      ...new Uint8Array(data),
    ]);
  };
  const dict = (shape: string): string => `{'descr': '<f4', 'fortran_order': False, 'shape': ${shape}, }`;
  test.each<[string, Uint8Array, RegExp]>([
    ["cut in the data", header(dict("(2, 3)"), 23), /has 23 bytes for <f4 of shape \[2, 3\]/],
    ["more data than elements", header(dict("(2, 3)"), 25), /has 25 bytes/],
    ["cut in the header", header(dict("(2, 3)")).subarray(0, 40), /has a header of \d+ bytes/],
    [
      "a giant header",
      Uint8Array.from([...header("x", 0, 2).subarray(0, 8), 255, 255, 255, 127]),
      /a header of 2147483647 bytes/,
    ],
    ["version 4", header(dict("(2, 3)"), 24, 4), /has version 4/],
    ["an overflowing shape", header(dict("(4294967296, 4294967296, 4)")), /has 24 bytes for/],
    ["an overflowing shape with a 0", header(dict("(0, 4294967296, 4294967296)"), 0), /has 0 bytes for/],
    ["a negative size", header(dict("(-2, -3)")), /has the header/],
    ["no shape", header("{'descr': '<f4', 'fortran_order': False, }"), /has the header/],
    ["code", header("{'descr': __import__('os'), 'fortran_order': False, 'shape': (6,), }"), /has the header/],
    [
      "a field twice",
      header("{'shape': (6,), 'descr': '<f4', 'fortran_order': False, 'shape': (6,), }"),
      /shape twice/,
    ],
    [
      "bytes that are neither 0 nor 1",
      Uint8Array.from([...header(dict("(1,)").replace("<f4", "|b1"), 0), 2]),
      /neither 0 nor 1/,
    ],
  ])("%s", async (_, bytes, message) => {
    await expect(load(bytes)).rejects.toThrow(message);
  });

  test("another checksum in an archive", async () => {
    // In the elements, and a blank of the header that becomes a tab.
    for (const [place, bit] of [[129, 1], [100, 0x29]] as const) {
      const bytes = file("npz").slice();
      bytes[Buffer.from(bytes).indexOf("NUMPY") + place]! ^= bit;
      await expect(load(bytes)).rejects.toThrow(/^load: the checksum of "weight" does not match its bytes/);
    }
  });
});

describe("written", () => {
  const state = {
    grid: arange(6).reshape([2, 3]).t(),
    halves: tensor([1 / 3, -2], { dtype: "float16" }),
    flags: tensor([true, false]),
    counts: tensor([12345678901n]),
    scalar: tensor(1.5, { dtype: "float64" }),
    none: zeros([0, 3]),
  };

  test("files come back as they were", async () => {
    const back = await load(await encode(state, { format: "npz" }));
    for (const [name, before] of Object.entries(state)) {
      expect([name, back[name]!.dtype, [...back[name]!.shape], back[name]!.toArray()]).toEqual([
        ...[name, before.dtype, [...before.shape], before.toArray()],
      ]);
      expect((await load<Tensor>(await encode(before, { format: "npy" }))).equal(before)).toBe(true);
    }
  });

  test("files are NumPy's own, to the byte", async () => {
    const array = tensor([[0, 1, 2], [3, 4, 5]], { dtype: "int64" });
    expect(await encode(array, { format: "npy" })).toEqual(file("version 1"));
  });

  test("what they cannot hold is refused", async () => {
    await expect(encode(state, { format: "npy" })).rejects.toThrow(
      "encode: a .npy file has one tensor, got an object of class Object",
    );
    await expect(encode({ a: state }, { format: "npz" })).rejects.toThrow('encode: "a" is an object of class Object');
    await expect(encode({ a: tensor([1], { dtype: "bfloat16" }) }, { format: "npz" })).rejects.toThrow(
      /NumPy has no bfloat16/,
    );
  });

  const python = "/usr/bin/python3";
  const numpy = spawnSync(python, ["-c", "import numpy"]).status === 0;
  test.runIf(numpy)("NumPy reads them", { tags: ["once"] }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "heddle-numpy-")), path = join(folder, "a.npz");
    try {
      await save(state, path);
      const script = `import sys, numpy
for name, array in numpy.load(sys.argv[1]).items(): print(name, array.dtype, array.shape, array.tolist())`;
      const run = spawnSync(python, ["-c", script, path], { encoding: "utf8" });
      expect(`${run.stdout}${run.stderr}`.trim().split("\n")).toEqual([
        "grid float32 (3, 2) [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]",
        "halves float16 (2,) [0.333251953125, -2.0]",
        "flags bool (2,) [True, False]",
        "counts int64 (1,) [12345678901]",
        "scalar float64 () 1.5",
        "none float32 (0, 3) []",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
