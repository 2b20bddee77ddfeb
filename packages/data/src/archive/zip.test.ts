/** Zip archives that Python's zipfile wrote (conformance/fixtures/images/zip_files.json), and damaged ones. */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readFromZip } from "./zip.ts";

const path = join(dirname(fileURLToPath(import.meta.url)), "../../../../conformance/fixtures/images/zip_files.json");
const recorded = JSON.parse(readFileSync(path, "utf8")) as Record<string, string>;
const fileOf = (name: string): Buffer => Buffer.from(recorded[name]!, "base64");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "heddle-zip-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(archive: Uint8Array, wanted: string, maxBytes = 1e6): Promise<Uint8Array | null> {
  await writeFile(join(folder, "a.zip"), archive);
  return await readFromZip(join(folder, "a.zip"), wanted, maxBytes);
}

/** The error of reading; a crash of another kind is none. */
async function refusal(archive: Uint8Array, wanted: string, maxBytes?: number): Promise<string> {
  try {
    await read(archive, wanted, maxBytes);
  } catch (error) {
    expect((error as Error).name).toBe("Error");
    return (error as Error).message;
  }
  return "accepted";
}

const labels = "gzip/emnist-digits-test-labels-idx1-ubyte.gz";
/** Where the entry of the file `zeros` begins in the directory of its archive. */
const entryAt = (archive: Buffer): number => archive.readUInt32LE(archive.length - 22 + 16);
const changed = (change: (archive: Buffer, entry: number) => void): Buffer => {
  const archive = fileOf("zeros");
  change(archive, entryAt(archive));
  return archive;
};

describe("zip archives", () => {
  test.each(["stored", "deflated", "with a comment", "streamed"])("%s", async (name) => {
    const found = await read(fileOf(name), labels);
    expect(Buffer.from(found!)).toEqual(Buffer.from((await read(fileOf("stored"), labels))!));
    expect(Array.from(found!.subarray(0, 3))).toEqual([0x1f, 0x8b, 8]);
  });

  test("files of zeros, and empty ones", async () => {
    expect(await read(fileOf("zeros"), "zeros")).toEqual(new Uint8Array(100_000));
    expect(await read(fileOf("zeros"), "none")).toEqual(new Uint8Array(0));
    expect(await readFromZip(join(folder, "missing.zip"), "zeros", 1e6)).toBe(null);
  });

  test("what cannot be read is an error that names archive, file and reason", async () => {
    expect(await refusal(fileOf("stored"), "other")).toMatch(/a\.zip: there is no other in the archive/);
    expect(await refusal(fileOf("nothing"), "other")).toMatch(/there is no other/);
    expect(await refusal(fileOf("twice"), "a")).toMatch(/the zip archive has two files a\./);
    expect(await refusal(fileOf("by bzip2"), labels)).toMatch(/compressed by method 12; only stored and deflated/);
    expect(await refusal(new Uint8Array(0), "other")).toMatch(/a\.zip: it is no zip archive, or it is cut short/);
    expect(await refusal(fileOf("zeros"), "zeros", 99_999)).toMatch(/zeros has 100000 bytes, more than the 99999/);
    expect(await refusal(changed((a, at) => a.writeUInt16LE(1, at + 8)), "zeros")).toMatch(/zeros is encrypted/);
  });

  test("sizes that lie are refused before memory is taken for them", async () => {
    const size = (bytes: number) => changed((a, at) => a.writeUInt32LE(bytes, at + 24));
    expect(await refusal(size(0xfffffffe), "zeros", 2 ** 40)).toMatch(/bytes cannot hold the 4294967294 of zeros/);
    expect(await refusal(size(99_999), "zeros")).toMatch(/zeros has more than 99999 bytes/);
    expect(await refusal(size(100_001), "zeros")).toMatch(/zeros has 100000, not 100001 bytes/);
    expect(await refusal(changed((a, at) => a.writeUInt32LE(0x7fffffff, at + 20)), "zeros")).toMatch(
      /reaches into the/,
    );
    expect(await refusal(changed((a, at) => a.writeUInt32LE(0x7fffffff, at + 42)), "zeros")).toMatch(/is not at byte/);
    expect(await refusal(changed((a) => a.writeUInt32LE(0x7fffffff, a.length - 10)), "zeros")).toMatch(
      /its directory of/,
    );
    expect(await refusal(changed((a) => a.writeUInt16LE(60_000, a.length - 12)), "zeros")).toMatch(/for 60000 files/);
    expect(await refusal(changed((a) => a.writeUInt16LE(0xffff, a.length - 12)), "zeros")).toMatch(/more than 4 GB/);
  });

  test("no archive that is cut short is accepted", async () => {
    const archive = fileOf("zeros");
    for (let length = 0; length < archive.length; length++) {
      expect(await refusal(archive.subarray(0, length), "zeros"), `${length} bytes`).toMatch(/a\.zip: /);
    }
  });

  test("a bit that flips does not change what is read", async () => {
    const archive = fileOf("zeros");
    for (let bit = 0; bit < 8 * archive.length; bit += 7) {
      const damaged = Buffer.from(archive);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      let found: Uint8Array | null = null;
      const message = await refusal(damaged, "zeros");
      if (message === "accepted") found = await read(damaged, "zeros");
      if (found === null) expect(message, `bit ${bit}`).toMatch(/a\.zip: /);
      else expect(Buffer.from(found).equals(Buffer.alloc(100_000)), `bit ${bit}`).toBe(true);
    }
  });
});
