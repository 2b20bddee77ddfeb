import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { EMNIST } from "./emnist.ts";
import { FashionMNIST } from "./fashion_mnist.ts";
import { encodeIdx } from "./idx.ts";
import { type IdxCollection, type IdxLoadOptions, loadIdxCollection } from "./idx_dataset.ts";
import { KMNIST } from "./kmnist.ts";
import { LabelledImages } from "./labelled_images.ts";
import { MNIST } from "./mnist.ts";

const md5 = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");
const pictures = (n: number): Uint8Array =>
  encodeIdx({ dtype: "uint8", shape: [n, 4, 3], data: Uint8Array.from({ length: n * 12 }, (_, i) => i) });
const labelFile = (...labels: number[]): Uint8Array =>
  encodeIdx({ dtype: "uint8", shape: [labels.length], data: Uint8Array.from(labels) });

const content: Record<string, Uint8Array> = {
  "train-images": pictures(3),
  "train-labels": labelFile(1, 0, 1),
  "test-images": pictures(2),
  "test-labels": labelFile(0, 0),
};
const published = Object.fromEntries(Object.entries(content).map(([name, bytes]) => [name, gzipSync(bytes)]));
const source = (file: string, withContent = true): IdxCollection["train"]["images"] => ({
  file,
  gzipMd5: md5(published[file]!),
  ...(withContent && { contentMd5: md5(content[file]!) }),
});
const collection: IdxCollection = {
  name: "Letters",
  folder: "letters",
  mirrors: ["http://127.0.0.1:1/nowhere"],
  classes: ["a", "b"],
  train: { images: source("train-images"), labels: source("train-labels") },
  test: { images: source("test-images"), labels: source("test-labels") },
};
const load = async (options: IdxLoadOptions, from: IdxCollection = collection): Promise<LabelledImages> =>
  new LabelledImages(await loadIdxCollection(from, options));

let root = "";
const savedPlace = process.env["HEDDLE_DATA"];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "heddle-letters-"));
  process.env["HEDDLE_DATA"] = join(root, "cache");
});
afterEach(async () => {
  await rm(root, { recursive: true });
  if (savedPlace === undefined) delete process.env["HEDDLE_DATA"];
  else process.env["HEDDLE_DATA"] = savedPlace;
});
const put = (name: string, bytes: Uint8Array): Promise<void> => writeFile(join(root, name), bytes);

describe("a folder", () => {
  test("with gzipped files, compressed as published or anew", async () => {
    await put("train-images.gz", published["train-images"]!);
    await put("train-labels.gz", gzipSync(content["train-labels"]!, { level: 0 }));
    const data = await load({ root });
    expect(data.images.shape).toEqual([3, 4, 3]);
    expect(data.labels.toArray()).toEqual([1, 0, 1]);
    expect(data.get(2)[0].shape).toEqual([1, 4, 3]);
  });

  test("with uncompressed files; the test half", async () => {
    await put("test-images", content["test-images"]!);
    await put("test-labels", content["test-labels"]!);
    expect((await load({ root, train: false })).length).toBe(2);
  });

  test("an altered file is an error that names it, with both sums, unless verification is off", async () => {
    const altered = content["train-images"]!.slice();
    altered[20]! ^= 1;
    await put("train-images.gz", gzipSync(altered));
    await put("train-labels", content["train-labels"]!);
    await expect(load({ root })).rejects.toThrow(
      new RegExp(
        `train-images\\.gz: the file was altered.*is ${md5(altered)}, expected ${md5(content["train-images"]!)}`,
      ),
    );
    expect((await load({ root, verify: false })).length).toBe(3);
    // One that is known only as it was published:
    const gzipOnly = { ...collection, train: { ...collection.train, images: source("train-images", false) } };
    await expect(load({ root }, gzipOnly)).rejects.toThrow(/altered.*its MD5 is/);
    await put("train-images", content["train-images"]!);
    expect((await load({ root }, gzipOnly)).length).toBe(3);
  });

  test("a truncated file is an error with the sizes", async () => {
    await put("train-images", content["train-images"]!.subarray(0, 40));
    await expect(load({ root })).rejects.toThrow(
      /train-images: truncated: 40 bytes, but uint8 of shape \[3, 4, 3\] takes 52/,
    );
    await rm(join(root, "train-images"));
    await put("train-images.gz", published["train-images"]!.subarray(0, 30));
    await expect(load({ root })).rejects.toThrow(/train-images\.gz: the gzip stream is truncated/);
  });

  test("a damaged file beside a good one does no harm", async () => {
    await put("train-images.gz", published["train-images"]!.subarray(0, 30));
    await put("train-images", content["train-images"]!);
    await put("train-labels", content["train-labels"]!);
    expect((await load({ root })).length).toBe(3);
  });

  test("files that do not belong together, of another kind, or with labels out of range", async () => {
    await put("train-images", content["train-images"]!);
    await put("train-labels", labelFile(1, 0));
    await expect(load({ root, verify: false })).rejects.toThrow(/train-labels: expected one label for each of the 3/);
    await put("train-labels", labelFile(1, 0, 7));
    await expect(load({ root, verify: false })).rejects.toThrow(/train-labels: label 7 of sample 2 is out of range/);
    await put("train-images", labelFile(1, 2, 3));
    await expect(load({ root, verify: false })).rejects.toThrow(/train-images: expected uint8 pictures.*shape \[3\]/);
  });

  test("a missing file, a missing folder and an unknown option are errors with the remedy", async () => {
    await put("train-images", content["train-images"]!);
    await expect(load({ root })).rejects.toThrow(
      /Letters: neither train-labels\.gz nor train-labels is in .*download: true/,
    );
    await expect(load({ root: join(root, "none") })).rejects.toThrow(/neither train-images\.gz/);
    await expect(load({ root: join(root, "train-images") })).rejects.toThrow(/neither train-images\.gz/);
    await expect(load({})).rejects.toThrow(/is in .*letters/);
    await expect(load({ path: root } as object)).rejects.toThrow(/Letters\.load: unknown option "path"/);
  });
});

describe("downloading", () => {
  let server: Server;
  let base = "";
  let requests: string[] = [];
  let served: Record<string, Uint8Array> = {};
  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(request.url ?? "");
      const bytes = served[(request.url ?? "").replace(/^\/mirror\/|\.gz$/g, "")];
      if (bytes === undefined) response.writeHead(404).end();
      else response.writeHead(200, { "content-length": bytes.length }).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror/`;
  });
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));
  beforeEach(() => {
    requests = [];
    served = { ...published };
  });
  const cached = (): string => join(root, "cache", "letters");

  test("goes to the cache, once", async () => {
    const options = { download: true, mirrors: [base] };
    expect((await load(options)).length).toBe(3);
    expect(requests).toEqual(["/mirror/train-images.gz", "/mirror/train-labels.gz"]);
    expect((await load(options)).length).toBe(3);
    expect((await load({})).length).toBe(3);
    expect(requests.length).toBe(2);
    expect((await readdir(cached())).sort()).toEqual(["train-images.gz", "train-labels.gz"]);
  });

  test("goes to a folder that is named", async () => {
    await load({ root: join(root, "mine"), download: true, mirrors: [base], train: false });
    expect((await readdir(join(root, "mine"))).sort()).toEqual(["test-images.gz", "test-labels.gz"]);
  });

  test("a damaged file in the cache is fetched again, one in a named folder is left for its owner", async () => {
    const damaged = published["train-images"]!.subarray(0, 50);
    await mkdir(cached(), { recursive: true });
    await writeFile(join(cached(), "train-images.gz"), damaged);
    await put("train-images.gz", damaged);
    await expect(load({})).rejects.toThrow(/gzip stream is truncated/);
    expect((await load({ download: true, mirrors: [base] })).length).toBe(3);
    expect(await readFile(join(cached(), "train-images.gz"))).toEqual(Buffer.from(published["train-images"]!));
    await expect(load({ root, download: true, mirrors: [base] })).rejects.toThrow(/gzip stream is truncated/);
    expect((await readFile(join(root, "train-images.gz"))).length).toBe(50);
  });

  test("a damaged download leaves nothing that a later run would trust", async () => {
    const good = served["train-images"]!;
    served["train-images"] = good.map((byte, i) => (i === 12 ? byte ^ 1 : byte));
    const only = { ...collection, mirrors: [base] };
    await expect(load({ download: true }, only)).rejects.toThrow(
      /train-images\.gz could not be fetched.*md5 is/s,
    );
    expect(await readdir(cached())).toEqual([]);
    await expect(load({})).rejects.toThrow(/neither/);
    served["train-images"] = good;
    expect((await load({ download: true, mirrors: [base] })).length).toBe(3);
  });
});

describe("EMNIST and KMNIST", () => {
  test("EMNIST reads the files of a part, whose labels fit its classes", async () => {
    await put("emnist-letters-train-images-idx3-ubyte.gz", gzipSync(pictures(3)));
    await put("emnist-letters-train-labels-idx1-ubyte.gz", gzipSync(labelFile(1, 26, 5)));
    await put("emnist-balanced-test-images-idx3-ubyte", pictures(2));
    await put("emnist-balanced-test-labels-idx1-ubyte", labelFile(46, 36));
    const letters = await EMNIST.load({ root, split: "letters" });
    expect([letters.length, letters.classes.length, letters.classes[letters.label(1)]]).toEqual([3, 27, "z"]);
    const balanced = await EMNIST.load({ root, split: "balanced", train: false });
    // As torchvision counts them.
    expect(balanced.classes.join("")).toBe("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt");
    expect([balanced.label(0), balanced.classes[36]]).toEqual([46, "a"]);
  });

  test("what is missing is named, with where to get it", async () => {
    await expect(EMNIST.load({ root, split: "digits" })).rejects.toThrow(
      /EMNIST: neither emnist-digits-train-images-idx3-ubyte\.gz nor .* download: true to fetch gzip\.zip \(from https:.*EMNIST\)/,
    );
    await expect(EMNIST.load({ root, split: "all" as "digits" })).rejects.toThrow(/split must be byclass.*got "all"/);
    await expect(EMNIST.load({ split: "digits", verify: false } as never)).rejects.toThrow(/unknown option "verify"/);
    await expect(KMNIST.load({ root })).rejects.toThrow(/KMNIST: neither .* download: true .*codh\.rois\.ac\.jp/);
    await put("train-images-idx3-ubyte.gz", gzipSync(pictures(2)));
    await expect(KMNIST.load({ root })).rejects.toThrow(
      /the file was altered.*expected bdb82020997e1d708af4cf47b453dcf7/,
    );
  });
});

const repository = join(dirname(fileURLToPath(import.meta.url)), "../../../..");
/** Files that Python's zipfile, gzip and struct wrote (tools/oracle/zip_files.py). */
describe("files that Python wrote", () => {
  const recorded = JSON.parse(readFileSync(join(repository, "conformance/fixtures/images/zip_files.json"), "utf8")) as {
    [name: string]: string;
  };
  const fileOf = (name: string): Buffer => Buffer.from(recorded[name]!, "base64");
  const expectPictures = (set: LabelledImages, count: number): void => {
    expect([set.images.shape, set.labels.toArray()]).toEqual([[count, 28, 28], [0, 1, 2].slice(0, count)]);
    const wanted = Array.from(
      { length: count * 784 },
      (_, i) => (7 * (Math.floor(i / 28) % 28) + 3 * (i % 28) + 11 * Math.floor(i / 784)) % 256,
    );
    expect(Array.from(set.images.toTypedArray("uint8"))).toEqual(wanted);
  };

  test.each(["stored", "deflated", "with a comment", "streamed"])("EMNIST's archive, %s", async (name) => {
    await put("gzip.zip", fileOf(name));
    expectPictures(await EMNIST.load({ root, split: "digits" }), 3);
    expectPictures(await EMNIST.load({ root, split: "digits", train: false }), 2);
    await expect(EMNIST.load({ root, split: "letters" })).rejects.toThrow(
      /gzip\.zip: there is no gzip\/emnist-letters-train-images-idx3-ubyte\.gz in the archive/,
    );
  });

  test("KMNIST's files, and such that are cut short or damaged", async () => {
    const images = fileOf("KMNIST images");
    await put("train-images-idx3-ubyte.gz", images);
    await put("train-labels-idx1-ubyte.gz", fileOf("KMNIST labels"));
    expectPictures(await KMNIST.load({ root, verify: false }), 3);
    for (let length = 2; length < images.length; length += 13) {
      await put("train-images-idx3-ubyte.gz", images.subarray(0, length));
      await expect(KMNIST.load({ root, verify: false })).rejects.toThrow(/train-images-idx3-ubyte\.gz: /);
    }
    for (let at = 10; at < images.length; at += 13) {
      const damaged = Buffer.from(images);
      damaged[at]! ^= 4;
      await put("train-images-idx3-ubyte.gz", damaged);
      await expect(KMNIST.load({ root, verify: false })).rejects.toThrow(/train-images-idx3-ubyte\.gz: /);
    }
  });

  test("EMNIST's archive is downloaded, and read from then on; another file in its place is refused", async () => {
    let served: Uint8Array = fileOf("deflated");
    const requests: string[] = [];
    const server = createServer((request, response) => {
      requests.push(request.url ?? "");
      response.writeHead(200, { "content-length": served.length }).end(served);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const mirrors = [`http://127.0.0.1:${(server.address() as AddressInfo).port}/files`];
      const half = (name: string): IdxCollection["train"] => ({
        images: { file: `emnist-digits-${name}-images-idx3-ubyte` },
        labels: { file: `emnist-digits-${name}-labels-idx1-ubyte` },
      });
      const digits: IdxCollection = {
        ...collection,
        mirrors,
        archive: { file: "gzip.zip", inner: "gzip", md5: md5(served) },
        classes: [..."0123456789"],
        train: half("train"),
        test: half("test"),
      };
      expectPictures(await load({ download: true }, digits), 3);
      expectPictures(await load({ train: false }, digits), 2);
      expect(requests).toEqual(["/files/gzip.zip"]);
      expect(await readdir(join(root, "cache", "letters"))).toEqual(["gzip.zip"]);
      // One that was damaged since is fetched again.
      await writeFile(join(root, "cache", "letters", "gzip.zip"), served.subarray(0, 500));
      await expect(load({}, digits)).rejects.toThrow(/gzip\.zip: it is no zip archive, or it is cut short/);
      expectPictures(await load({ download: true }, digits), 3);
      served = fileOf("stored");
      const attempt = load({ root: join(root, "own"), download: true }, digits);
      await expect(attempt).rejects.toThrow(/gzip\.zip could not be fetched.*md5 is/s);
      expect(await readdir(join(root, "own"))).toEqual([]);
    } finally {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  });
});

const folder = join(process.env["HEDDLE_TEST_DATA"] || join(repository, "data"), "mnist");
describe.skipIf(!existsSync(folder))(`MNIST's own files (skipped unless ${folder} exists)`, () => {
  test("both halves are read and verified", async () => {
    const train = await MNIST.load({ root: folder });
    expect([train.length, train.images.shape]).toEqual([60_000, [60_000, 28, 28]]);
    expect(Array.from({ length: 10 }, (_, i) => train.label(i))).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    const test = await MNIST.load({ root: folder, train: false });
    expect(test.length).toBe(10_000);
    const [images, labels] = test.getBatch([0, 1, 2]);
    expect(labels.toArray()).toEqual([7, 2, 1]);
    expect(images.shape).toEqual([3, 1, 28, 28]);
    // The published mean of the test pictures.
    let sum = 0;
    for (const pixel of test.images.toTypedArray("uint8")) sum += pixel;
    expect(sum / 255 / (10_000 * 784)).toBeCloseTo(0.1325, 4);
  });

  test("they are not taken for Fashion-MNIST's", async () => {
    await expect(FashionMNIST.load({ root: folder, train: false })).rejects.toThrow(
      /t10k-images-idx3-ubyte\.gz: the file was altered or is a different one/,
    );
  });
});
