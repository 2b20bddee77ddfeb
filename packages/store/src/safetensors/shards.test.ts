import { arange, type Tensor, tensor, zeros } from "@heddle/tensor";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { load, openTensors } from "../load.ts";
import { save } from "../save.ts";

let folder: string, index: string, path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "heddle-shards-"));
  path = join(folder, "model.safetensors");
  index = `${path}.index.json`;
});
afterEach(() => rmSync(folder, { recursive: true }));

const state = (): Record<string, Tensor> => ({ a: arange(10), b: zeros([3]), large: arange(100), c: tensor([7]) });
const shard = (n: number, count = 3): string => join(folder, `model-0000${n}-of-0000${count}.safetensors`);

test("tensors lie in files of at most so many bytes, and come back in their order", async () => {
  await save(state(), path, { maxShardBytes: 60, metadata: { format: "pt" } });
  expect(readdirSync(folder).sort()).toEqual(
    [shard(1), shard(2), shard(3), index].map((file) => file.slice(folder.length + 1)),
  );
  const { metadata, weight_map } = JSON.parse(readFileSync(index, "utf8"));
  expect(metadata.total_size).toBe(456);
  expect(Object.values(weight_map)).toEqual([1, 1, 2, 3].map((n) => shard(n).slice(folder.length + 1)));
  const back = await load(index);
  expect(Object.keys(back)).toEqual(["a", "b", "large", "c"]);
  for (const [name, before] of Object.entries(state())) expect(back[name]!.equal(before)).toBe(true);
  const file = await openTensors(index);
  expect([file.metadata, file.tensors.get("large")]).toEqual([
    { format: "pt" },
    { dtype: "float32", shape: [100], storedAs: "F32" },
  ]);
  expect((await file.get("c")).toArray()).toEqual([7]);
  await file.close();
  expect(Object.keys(await load(shard(1)))).toEqual(["a", "b"]);
});

test("what fits one file is one", async () => {
  await save(state(), path, { maxShardBytes: 1e9 });
  expect(readdirSync(folder)).toEqual(["model.safetensors"]);
});

test("a save removes what the checkpoint before had in other files, and nothing else", async () => {
  const names = (): string[] => readdirSync(folder).sort();
  const strangers = ["model-00001-of-00009.safetensors", "model-x.safetensors", "other.safetensors"];
  for (const name of strangers) writeFileSync(join(folder, name), "");
  await save({ a: zeros([2]) }, path);
  await save(state(), path, { maxShardBytes: 60 });
  const shards = [1, 2, 3].map((n) => shard(n).slice(folder.length + 1));
  expect(names()).toEqual([...strangers, ...shards, "model.safetensors.index.json"].sort());
  await expect(load(path)).rejects.toThrow(
    `there is no file ${path}; the checkpoint is in several files: load("${index}")`,
  );
  await expect(openTensors(path)).rejects.toMatchObject({ code: "ENOENT" });
  await save(state(), path, { maxShardBytes: 410 }); // in two
  expect(names()).toEqual(
    [...strangers, shard(1, 2).slice(folder.length + 1), shard(2, 2).slice(folder.length + 1)].concat(
      "model.safetensors.index.json",
    ).sort(),
  );
  await expect(save(state(), path, { previous: join(folder, "old") })).rejects.toThrow(/previous keeps one file/);
  expect(Object.keys(await load(index))).toEqual(["a", "b", "large", "c"]);
  const freed = state();
  freed["c"]!.dispose();
  await expect(save(freed, path)).rejects.toThrow(/freed/);
  expect(Object.keys(await load(index))).toEqual(["a", "b", "large", "c"]);
  // An index may name anything; only the names of this path's shards are files of this checkpoint.
  const { metadata, weight_map } = JSON.parse(readFileSync(index, "utf8"));
  const more = { x: "other.safetensors", y: "./model-00001-of-00009.safetensors", z: 3 };
  writeFileSync(index, JSON.stringify({ metadata, weight_map: { ...weight_map, ...more } }));
  await save({ a: zeros([2]) }, path);
  expect(names()).toEqual([...strangers, "model.safetensors"].sort());
  writeFileSync(index, "damaged");
  await save(state(), path, { maxShardBytes: 1e9 });
  expect(names()).toEqual([...strangers, "model.safetensors"].sort());
});

test("a file of another save, a missing one, and names that lead elsewhere are refused", async () => {
  await save(state(), path, { maxShardBytes: 60 });
  const other = mkdtempSync(join(tmpdir(), "heddle-shards-"));
  await save({ ...state(), b: arange(3) }, join(other, "model.safetensors"), { maxShardBytes: 60 });
  copyFileSync(join(other, "model-00001-of-00003.safetensors"), shard(1));
  rmSync(other, { recursive: true });
  await expect(load(index)).rejects.toThrow(
    /^load: "model-00001-of-00003.safetensors" is of another checkpoint than the index/,
  );
  expect((await load(index, { verify: false }))["b"]!.toArray()).toEqual([0, 1, 2]);
  rmSync(shard(2));
  await expect(load(index, { verify: false })).rejects.toThrow("there is no file");
  const refused = async (content: unknown, message: RegExp | string) => {
    writeFileSync(index, typeof content === "string" ? content : JSON.stringify(content));
    await expect(load(index)).rejects.toThrow(message);
  };
  for (const name of ["../x", "/etc/passwd", "a\\b", "", "..", "C:x"]) {
    await refused({ weight_map: { a: name } }, "is no name of a file beside it");
  }
  await refused({ weight_map: { a: 7 } }, 'no record of strings "weight_map"');
  await refused({}, 'no record of strings "weight_map"');
  await refused('{"weight_map":{"a":"x","a":"y"}}', 'the index has "a" twice');
  await refused('{"weight_map":{"__proto__":"x"}}', 'the index has the name "__proto__"');
  await refused('{"weight_map":', "the index is not JSON");
  await refused({ weight_map: { gone: shard(3).slice(folder.length + 1) } }, 'does not have the tensor "gone"');
  await expect(load(new TextEncoder().encode('{"weight_map":{"a":"x"}}'))).rejects.toThrow(
    /which only a path leads to/,
  );
});

test("what shards do not go with is refused, and a failure leaves nothing", async () => {
  await expect(save(state(), path, { maxShardBytes: 0 })).rejects.toThrow(/maxShardBytes is 0/);
  await expect(save(state(), path, { maxShardBytes: 9, previous: "x" })).rejects.toThrow(/previous keeps one file/);
  await expect(save(state(), join(folder, "a.bin"), { maxShardBytes: 9, format: "safetensors" })).rejects.toThrow(
    /end in .safetensors/,
  );
  await expect(save({ model: state() }, path, { maxShardBytes: 9 })).rejects.toThrow(
    /"model" is an object of class Object/,
  );
  await expect(save(state(), index)).rejects.toThrow(/is an index; name the file of tensors/);
  const freed = state();
  freed["c"]!.dispose();
  await expect(save(freed, path, { maxShardBytes: 60 })).rejects.toThrow(/freed/);
  expect(readdirSync(folder)).toEqual([]);
});
