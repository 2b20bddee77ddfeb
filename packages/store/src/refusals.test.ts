/** Errors that a user meets first: each names the remedy. */
import { tensor } from "@heddle/tensor";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { putFile } from "./files/byte_target.ts";
import { load } from "./load.ts";
import { encode, type Savable, save } from "./save.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-refusals-")));
afterEach(() => rmSync(folder, { recursive: true }));

class Linear {
  stateDict(): object {
    return {};
  }
}
const state = { w: tensor([1, 2]) };

test.each(["safetensors", "pytorch"] as const)("%s: a module within the state", async (format) => {
  const model = new Linear();
  const refused = (given: unknown, message: string) =>
    expect(encode(given as Savable, { format })).rejects.toThrow(message);
  await refused({ model, step: 1 }, "encode: model is an object of class Linear; give its state, model.stateDict()");
  await refused(
    { nets: { a: [model] } },
    "encode: nets.a[0] is an object of class Linear; give its state, nets.a[0].st",
  );
  await refused([model], "encode: state[0] is an object of class Linear; give its state, state[0].stateDict()");
  await refused(
    [[new Date()]],
    "encode: state[0][0] is an object of class Date; a state is made of plain data and tensors",
  );
});

test.each([[new Map(), "Map"], [new Set(), "Set"]])("what only one format holds: %o", async (held, name) => {
  await expect(encode([{ held }], { format: "safetensors" })).rejects.toThrow(
    `encode: state[0].held is an object of class ${name}; the format pytorch holds it; others hold objects, arrays,`,
  );
});

test("tensors of an array have its indices as names", async () => {
  const bytes = await encode([tensor([1]), { a: tensor([2]) }], { format: "safetensors" });
  expect(new TextDecoder().decode(bytes)).toContain('"0":{');
  expect(new TextDecoder().decode(bytes)).toContain('"1.a":{');
  const back = await load<[typeof state.w, { a: typeof state.w }]>(bytes);
  expect([back[0].toArray(), back[1].a.toArray()]).toEqual([[1], [2]]);
});

test("a file or a folder that does not exist is named, and the error has the system's code", async () => {
  const absent = join(folder, "nope.pt"), within = join(folder, "none", "m.safetensors");
  await expect(load(absent)).rejects.toThrow(`load: there is no file ${absent}`);
  await expect(load(absent)).rejects.toMatchObject({ code: "ENOENT" });
  for (const options of [{}, { maxShardBytes: 4 }]) {
    await expect(save(state, within, options)).rejects.toThrow(
      `save: there is no folder ${
        join(folder, "none")
      } for ${within}; make it first, with mkdir(folder, { recursive: true })`,
    );
  }
  await expect(save(state, within)).rejects.toMatchObject({ code: "ENOENT" });
  expect(() => putFile(within, "text")).toThrow("putFile: there is no folder");
  expect(readdirSync(folder)).toEqual([]);
});

test.skipIf(process.platform !== "linux")("a folder that takes no files is named as that", () => {
  expect(() => putFile("/proc/nope.csv", "text")).toThrow("putFile: the folder /proc takes no new files");
});

test.each<[string, string | Uint8Array, RegExp]>([
  ["an empty file", "", /\(0 bytes\) .*; it is empty: was its writing or download cut short\?/],
  [
    "a pointer of Git LFS",
    "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n",
    /; it is a pointer of Git LFS: git lfs pull fetches the file$/,
  ],
  ["an HTML page", "\n <!DOCTYPE html><html>", /; it is an HTML page, .*is that the address of the file itself\?$/],
  ["an HTML page without a type", "<HTML><head>", /; it is an HTML page/],
  ["gzip", Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3), /; it is compressed with gzip: unpack it first/],
  ["anything else", "something else", /safetensors, pytorch, npy, npz, gguf$/],
])("%s in place of tensors", async (_, content, message) => {
  const path = join(folder, "m.safetensors");
  writeFileSync(path, content);
  await expect(load(path)).rejects.toThrow(message);
  await expect(load(path)).rejects.toThrow(/^load: .* is in none of the formats /);
});

describe("npz", () => {
  test.each(["../x", "a/../b", "..\\x", "/x", "\\x", "C:x"])("the name %s, which no reader accepts", async (name) => {
    await expect(encode({ [name]: state.w }, { format: "npz" })).rejects.toThrow(
      `encode: the name ${JSON.stringify(name)} would lead out of the folder that an archive is unpacked to`,
    );
  });

  test.each(["a/b", "..x", "a..b", "ab:c", ""])("the name %j comes back", async (name) => {
    expect(Object.keys(await load(await encode({ [name]: state.w }, { format: "npz" })))).toEqual([name]);
  });
});
