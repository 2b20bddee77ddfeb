import { Buffer } from "node:buffer";
import { crc32, deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { failing } from "../errors.ts";
import { memorySource } from "../files/byte_source.ts";
import { MemoryTarget } from "../files/byte_target.ts";
import { type Archived, bytesOfFile, openArchive } from "./archive.ts";
import { writeArchive } from "./write_archive.ts";

const fail = failing("load", "a.zip", "zip");
const open = (bytes: Uint8Array): Promise<Map<string, Archived>> =>
  openArchive(memorySource(Uint8Array.from(bytes), "a.zip"), fail);

interface Part {
  readonly name: string;
  readonly content: Uint8Array;
  readonly method?: number;
  readonly size?: number;
  readonly flags?: number;
  /** Where the directory says that it is. */
  readonly offset?: number;
}

/** An archive by the format's specification, right or wrong. */
function archive(...parts: readonly Part[]): Buffer {
  const locals: Buffer[] = [], directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, method = 0, size = content.length, flags = 0, offset = at } of parts) {
    const packed = method === 8 ? deflateRawSync(content) : content;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(flags, 2);
    fields.writeUInt16LE(method, 4);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(size, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), fields, Buffer.from(name), packed]);
    locals.push(local);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), fields, rest, Buffer.from(name)]));
    at += local.length;
  }
  const entries = Buffer.concat(directory), end = Buffer.alloc(18);
  end.writeUInt16LE(parts.length, 4);
  end.writeUInt16LE(parts.length, 6);
  end.writeUInt32LE(entries.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...locals, entries, Buffer.from("PK\x05\x06"), end]);
}

const content = Buffer.from("some content, some content, some content");

test("files are read from their places, stored or deflated", async () => {
  const files = await open(
    archive({ name: "a", content }, { name: "b/c", content, method: 8 }, { name: "none", content: Buffer.alloc(0) }),
  );
  expect([...files.keys()]).toEqual(["a", "b/c", "none"]);
  for (const name of ["a", "b/c"]) expect(Buffer.from(await bytesOfFile(files.get(name)!))).toEqual(content);
  expect(files.get("a")!.from).toBe(31);
});

test("what is written is read, the same bytes every time", async () => {
  const write = async (): Promise<Uint8Array> => {
    const target = new MemoryTarget();
    await writeArchive(target, [{ name: "é", content: [content, content] }, { name: "none", content: [] }]);
    return target.bytes();
  };
  const files = await open(await write());
  expect(Buffer.from(await bytesOfFile(files.get("é")!))).toEqual(Buffer.concat([content, content]));
  expect(await write()).toEqual(await write());
});

describe("refused:", () => {
  test.each<[string, Buffer, RegExp]>([
    ["cut at its end", archive({ name: "a", content }).subarray(0, -1), /the zip archive's directory cannot be read/],
    ["the same name twice", archive({ name: "a", content }, { name: "a", content }), /two files "a"/],
    ["one place for two files", archive({ name: "a", content }, { name: "b", content, offset: 0 }), /overlaps/],
    [
      "a place within another file",
      archive({ name: "a", content }, { name: "b", content, offset: 5 }),
      /"b" is not at byte 5/,
    ],
    [
      "a place beyond the end",
      archive({ name: "a", content, offset: 2 ** 31 }),
      /zip archive's directory|beyond the end|is not at byte/,
    ],
    ["encryption", archive({ name: "a", content, flags: 1 }), /"a" is encrypted/],
    ["another method", archive({ name: "a", content, method: 12 }), /"a" is compressed by method 12/],
    [
      "a stored file of two sizes",
      archive({ name: "a", content, size: 4e9 }),
      /"a" has 4000000000 bytes, and 40 in the archive/,
    ],
    [
      "a bomb",
      archive({ name: "a", content, method: 8, size: 4e9 }),
      /"a" has 4000000000 bytes, and \d+ in the archive/,
    ],
  ])("%s", async (_, bytes, message) => {
    await expect(open(bytes)).rejects.toThrow(message);
  });

  test("a deflated file of another size or checksum, when it is read", async () => {
    for (const size of [content.length - 1, content.length + 1, 2 ** 29]) {
      const files = await open(archive({ name: "a", content, method: 8, size }));
      await expect(bytesOfFile(files.get("a")!)).rejects.toThrow(/^load: "a" (cannot be decompressed|has 40 bytes)/);
    }
    const bytes = archive({ name: "a", content, method: 8 });
    bytes[14]! ^= 1; // the checksum
    bytes[bytes.indexOf("PK\x01\x02") + 16]! ^= 1;
    await expect(bytesOfFile((await open(bytes)).get("a")!)).rejects.toThrow(/^load: "a" cannot be decompressed/);
  });
});
