import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Compose } from "../transforms/compose.ts";
import { Normalize } from "../transforms/normalize.ts";
import { ToTensor } from "../transforms/to_tensor.ts";
import { CIFAR10 } from "./cifar10.ts";
import { CIFAR100 } from "./cifar100.ts";
import { type CifarCollection, type CifarLoadOptions, type CifarRecords, loadCifar } from "./cifar_files.ts";

/** A tar archive of files. */
function tar(files: Record<string, Uint8Array>): Uint8Array {
  const blocks = Object.entries(files).flatMap(([name, data]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(data.length.toString(8).padStart(11, "0"), 124);
    header.write("        ", 148);
    header.write("0ustar\x0000", 156);
    header.write(header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0") + "\0", 148);
    return [header, data, new Uint8Array((512 - data.length % 512) % 512)];
  });
  return Buffer.concat([...blocks, new Uint8Array(1024)]);
}

/** Records of labels and pictures whose pixel p of picture i is (i + p) mod 251. */
function records(...labels: number[][]): Uint8Array {
  return Buffer.concat(labels.map((own, i) => {
    return Buffer.from([...own, ...Array.from({ length: 3072 }, (_, p) => (i + p) % 251)]);
  }));
}

const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");
const files: Record<string, Uint8Array> = {
  "batches/names.txt": Buffer.from("a\nb\nc\n"),
  "batches/two.bin": records([0]),
  "batches/one.bin": records([1], [2]),
  "batches/test.bin": records([2]),
};
const published = gzipSync(tar(files));
const collection: CifarCollection = {
  name: "Tiny",
  folder: "tiny",
  mirrors: ["http://127.0.0.1:1/nowhere"],
  archive: "tiny.tar.gz",
  md5: md5(published),
  inner: "batches",
  train: ["one.bin", "two.bin"],
  test: ["test.bin"],
  labels: [{ name: "label", classes: 3 }],
};
const load = (options: CifarLoadOptions, from: CifarCollection = collection): Promise<CifarRecords> =>
  loadCifar(from, options);

let root = "";
const savedPlace = process.env["HEDDLE_DATA"];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "heddle-cifar-"));
  process.env["HEDDLE_DATA"] = join(root, "cache");
});
afterEach(async () => {
  await rm(root, { recursive: true });
  if (savedPlace === undefined) delete process.env["HEDDLE_DATA"];
  else process.env["HEDDLE_DATA"] = savedPlace;
});
const put = async (name: string, bytes: Uint8Array): Promise<void> => {
  await mkdir(dirname(join(root, name)), { recursive: true });
  await writeFile(join(root, name), bytes);
};

describe("a folder", () => {
  test("with the archive: files in the collection's order, whatever the archive's", async () => {
    await put("tiny.tar.gz", published);
    const { pixels, labels } = await load({ root });
    expect(labels.map((own) => [...own])).toEqual([[1, 2, 0]]);
    expect([pixels.length, pixels[0], pixels[3072], pixels[3 * 3072 - 1]]).toEqual([3 * 3072, 0, 1, 3071 % 251]);
    expect([...(await load({ root, train: false })).labels[0]!]).toEqual([2]);
  });

  test("with the unpacked folder, or it itself", async () => {
    for (const [name, bytes] of Object.entries(files)) await put(name, bytes);
    expect([...(await load({ root })).labels[0]!]).toEqual([1, 2, 0]);
    expect([...(await load({ root: join(root, "batches") })).labels[0]!]).toEqual([1, 2, 0]);
    await rm(join(root, "batches/two.bin"));
    await expect(load({ root })).rejects.toThrow(/batches: one\.bin is there, but two\.bin is missing/);
  });

  test("an archive of one's own is as good, unless it must be the published one", async () => {
    const own = gzipSync(tar({ ...files, "batches/one.bin": records([2]) }));
    await put("tiny.tar.gz", own);
    expect([...(await load({ root })).labels[0]!]).toEqual([2, 0]);
    await expect(load({ root, verify: true })).rejects.toThrow(
      new RegExp(`tiny\\.tar\\.gz: the file was altered.*its MD5 is ${md5(own)}, expected ${md5(published)}`),
    );
  });

  test("a record cut short, an empty file, a label out of range", async () => {
    await put("batches/test.bin", files["batches/test.bin"]!.subarray(0, 3000));
    await expect(load({ root, train: false })).rejects.toThrow(
      /test\.bin: a record is cut short: 3000 bytes are 0 records of 3073 and 3000 bytes/,
    );
    await put("batches/test.bin", new Uint8Array(0));
    await expect(load({ root, train: false })).rejects.toThrow(/test\.bin: a record is cut short: 0 bytes/);
    await put("batches/test.bin", records([0], [3]));
    await expect(load({ root, train: false })).rejects.toThrow(
      /test\.bin: label 3 of record 1 is out of range for 3 classes \(0 to 2\)/,
    );
    await put("tiny.tar.gz", gzipSync(tar({ "batches/test.bin": records([0], [9]) })));
    await expect(load({ root, train: false })).rejects.toThrow(
      /tiny\.tar\.gz: batches\/test\.bin: label 9 of record 1/,
    );
  });

  test("an archive cut short, with paths that climb out, or without the files", async () => {
    await put("tiny.tar.gz", published.subarray(0, 60));
    await expect(load({ root })).rejects.toThrow(/tiny\.tar\.gz: the gzip stream is truncated or damaged.*60 bytes/);
    await put("tiny.tar.gz", gzipSync(tar(files).subarray(0, 5000)));
    await expect(load({ root })).rejects.toThrow(/tiny\.tar\.gz: the archive is cut short/);
    await put("tiny.tar.gz", gzipSync(tar({ ...files, "batches/../../evil": Buffer.from("boo") })));
    await expect(load({ root })).rejects.toThrow(/the path "batches\/\.\.\/\.\.\/evil" leads out/);
    expect(await readdir(root)).toEqual(["tiny.tar.gz"]);
    await put("tiny.tar.gz", gzipSync(tar({ "batches/one.bin": records([0]) })));
    await expect(load({ root })).rejects.toThrow(/tiny\.tar\.gz: there is no batches\/two\.bin in the archive/);
  });

  test("a missing file, a missing folder and an unknown option are errors with the remedy", async () => {
    await expect(load({ root })).rejects.toThrow(
      /Tiny: neither tiny\.tar\.gz nor batches with one\.bin is in .*download: true/,
    );
    await expect(load({ root: join(root, "none") })).rejects.toThrow(/neither/);
    await expect(load({})).rejects.toThrow(/is in .*cache.*tiny/);
    await expect(load({ path: root } as object)).rejects.toThrow(/Tiny\.load: unknown option "path"/);
  });
});

describe("downloading", () => {
  let server: Server;
  let base = "";
  let requests: string[] = [];
  let served: Uint8Array = published;
  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(`${request.url} ${request.headers.range ?? ""}`.trim());
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      if (!request.url!.startsWith("/mirror/tiny.tar.gz")) response.writeHead(404).end();
      else if (from > 0) {
        const range = `bytes ${from}-${served.length - 1}/${served.length}`;
        response.writeHead(206, { "content-range": range, "content-length": served.length - from });
        response.end(served.subarray(from));
      } else response.writeHead(200, { "content-length": served.length }).end(served);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));
  beforeEach(() => {
    requests = [];
    served = published;
  });
  const cached = (): string => join(root, "cache", "tiny");

  test("goes to the cache, once, from the first mirror that has it", async () => {
    const options = { download: true, mirrors: [`${base}/other/`, `${base}/mirror/`] };
    expect([...(await load(options)).labels[0]!]).toEqual([1, 2, 0]);
    expect(requests).toEqual(["/other/tiny.tar.gz", "/mirror/tiny.tar.gz"]);
    await load({ train: false });
    expect(requests.length).toBe(2);
    expect(await readdir(cached())).toEqual(["tiny.tar.gz"]);
  });

  test("is taken up where it was interrupted", async () => {
    await mkdir(cached(), { recursive: true });
    await writeFile(
      join(cached(), `tiny.tar.gz.${md5(published).slice(0, 12)}.0badcafe-0-1234.part`),
      published.subarray(0, 90),
    );
    await load({ download: true, mirrors: [`${base}/mirror`] });
    expect(requests).toEqual(["/mirror/tiny.tar.gz bytes=90-"]);
    expect(await readdir(cached())).toEqual(["tiny.tar.gz"]);
  });

  test("a damaged archive in the cache is fetched again, one in a named folder is left for its owner", async () => {
    await put("cache/tiny/tiny.tar.gz", published.subarray(0, 50));
    await put("tiny.tar.gz", published.subarray(0, 50));
    await expect(load({})).rejects.toThrow(/gzip stream is truncated/);
    await load({ download: true, mirrors: [`${base}/mirror`] });
    expect(md5(await readFile(join(cached(), "tiny.tar.gz")))).toBe(md5(published));
    await expect(load({ root, download: true, mirrors: [`${base}/mirror`] })).rejects.toThrow(/truncated/);
    expect((await readFile(join(root, "tiny.tar.gz"))).length).toBe(50);
  });

  test("another file than the published one leaves nothing that a later run would trust", async () => {
    served = gzipSync(tar({ ...files, "batches/one.bin": records([0], [0]) }));
    const only = { ...collection, mirrors: [`${base}/mirror`] };
    await expect(load({ download: true }, only)).rejects.toThrow(/tiny\.tar\.gz could not be fetched.*md5 is/s);
    expect(await readdir(cached())).toEqual([]);
  });
});

describe("CIFAR-10 and CIFAR-100", () => {
  test("CIFAR-10's binary layout", async () => {
    for (let i = 1; i <= 5; i++) await put(`data_batch_${i}.bin`, records([i], [9 - i]));
    await put("test_batch.bin", records([3]));
    const transform = new Compose([new ToTensor(), new Normalize([0, 0, 0], [1, 2, 4])]);
    const train = await CIFAR10.load({ root, transform });
    expect([train.length, train.images.shape]).toEqual([10, [10, 3, 32, 32]]);
    expect(train.labels.toArray()).toEqual([1, 8, 2, 7, 3, 6, 4, 5, 5, 4]);
    const [image] = train.get(1);
    expect(image.shape).toEqual([3, 32, 32]);
    expect(image.at(2, 0, 5).item()).toBeCloseTo(((1 + 2048 + 5) % 251) / 255 / 4, 6);
    const test = await CIFAR10.load({ root, train: false });
    expect([test.length, test.classes[test.label(0)], test.get(0)[0].shape]).toEqual([1, "cat", [3, 32, 32]]);
  });

  test("CIFAR-100 has fine and coarse labels", async () => {
    await put("cifar-100-binary/train.bin", records([11, 19], [0, 4]));
    const fine = await CIFAR100.load({ root });
    expect([fine.classes.length, new Set(fine.classes).size, fine.classes[fine.label(0)]]).toEqual([
      100,
      100,
      "cattle",
    ]);
    expect(fine.get(1)[1]).toBe(4);
    expect([fine.coarseLabel(0), fine.fineLabel(0), fine.coarseClasses[fine.coarseLabel(1)]]).toEqual(
      [11, 19, "aquatic_mammals"],
    );
    expect([fine.fineLabels.toArray(), fine.coarseLabels.toArray()]).toEqual([[19, 4], [11, 0]]);
    const coarse = await CIFAR100.load({ root, labels: "coarse" });
    expect([coarse.labels.toArray(), coarse.classes.length]).toEqual([[11, 0], 20]);
    await put("cifar-100-binary/test.bin", records([20, 0]));
    await expect(CIFAR100.load({ root, train: false })).rejects.toThrow(/coarse label 20 of record 0.*20 classes/);
    await put("cifar-100-binary/test.bin", records([0, 100]));
    await expect(CIFAR100.load({ root, train: false })).rejects.toThrow(/fine label 100 of record 0.*100 classes/);
    await expect(CIFAR100.load({ root, labels: "both" as "fine" })).rejects.toThrow(
      /labels must be "fine" or "coarse"/,
    );
  });
});

const repository = join(dirname(fileURLToPath(import.meta.url)), "../../../..");
const folder = join(process.env["HEDDLE_TEST_DATA"] || join(repository, "data"), "cifar10-subset");
test.skipIf(!existsSync(folder))(`a part of CIFAR-10 as its archive (skipped unless ${folder} exists)`, async () => {
  const [train, held] = [await CIFAR10.load({ root: folder }), await CIFAR10.load({ root: folder, train: false })];
  expect([train.length, held.length]).toEqual([10_000, 2000]);
  expect(train.labels.bincount().toArray()).toEqual(Array(10).fill(1000));
  const pixels = train.images.toTypedArray("uint8");
  const mean = [0, 0, 0];
  for (let at = 0; at < pixels.length; at += 3072) {
    for (let p = 0; p < 3072; p++) mean[p >> 10]! += pixels[at + p]!;
  }
  // Of all 50,000 the means are 0.4914, 0.4822 and 0.4465.
  for (const [c, whole] of [0.4914, 0.4822, 0.4465].entries()) {
    expect(Math.abs(mean[c]! / 255 / 1024 / 10_000 - whole)).toBeLessThan(0.01);
  }
});
