import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { gunzip } from "./gunzip.ts";
import { readTar, type TarFile } from "./tar.ts";

/** One entry as `tar` would write it. */
function entry(name: string, content: Uint8Array | string = "", type = "0", claimed?: number): Uint8Array {
  const data = typeof content === "string" ? Buffer.from(content) : content;
  const header = new Uint8Array(512);
  const put = (text: string, at: number): void => header.set(Buffer.from(text), at);
  put(name, 0);
  put("0000644\0", 100);
  put((claimed ?? data.length).toString(8).padStart(11, "0") + "\0", 124);
  put("        ", 148);
  put(type, 156);
  put("ustar\x0000", 257);
  put(header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0") + "\0 ", 148);
  return Buffer.concat([header, data, new Uint8Array((512 - data.length % 512) % 512)]);
}
const archive = (...entries: Uint8Array[]): Uint8Array => Buffer.concat([...entries, new Uint8Array(1024)]);

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function read(
  bytes: Uint8Array,
  { wanted = () => true, maxBytes = 1e6, piece = 1 << 20 }: {
    wanted?: (name: string) => boolean;
    maxBytes?: number;
    piece?: number;
  } = {},
): Promise<Record<string, string>> {
  const files: TarFile[] = [];
  for await (const file of readTar(inPieces(bytes, piece), "some.tar", { wanted, maxBytes })) files.push(file);
  return Object.fromEntries(files.map(({ name, data }) => [name, Buffer.from(data).toString()]));
}

describe("readTar", () => {
  const good = archive(entry("a/", "", "5"), entry("a/one", "1".repeat(700)), entry("a/two", "zwei"), entry("empty"));

  test.each([1, 7, 511, 512, 513, 1 << 20])("reads files, in chunks of %i bytes", async (piece) => {
    expect(await read(good, { piece })).toEqual({ "a/one": "1".repeat(700), "a/two": "zwei", empty: "" });
  });

  test("passes over what is not wanted, however large", async () => {
    expect(await read(good, { wanted: (name) => name === "a/two", maxBytes: 10 })).toEqual({ "a/two": "zwei" });
  });

  test("an archive without its two blocks of zeros is cut short, also where an entry ends", async () => {
    const whole = archive(entry("one", "x"), entry("two"));
    expect(await read(whole)).toEqual({ one: "x", two: "" });
    for (const length of [0, 1024, 1536]) {
      await expect(read(whole.subarray(0, length))).rejects.toThrow(
        `some.tar: the archive is cut short: it stops at byte ${length}, before the two blocks of zeros that end it. Fetch`,
      );
    }
    for (const length of [2048, 2100]) {
      await expect(read(whole.subarray(0, length))).rejects.toThrow(
        `cut short: the second of the two blocks of zeros that end it has ${length - 2048} of 512 bytes`,
      );
    }
  });

  test("padding after the end is zeros; an archive joined to another is refused, not ignored", async () => {
    const whole = archive(entry("one", "x"));
    expect(await read(Buffer.concat([whole, new Uint8Array(100_000)]))).toEqual({ one: "x" });
    for (const gap of [0, 512, 100_000]) {
      await expect(read(Buffer.concat([whole, new Uint8Array(gap), archive(entry("two"))]))).rejects.toThrow(
        "some.tar: there is data after the end of the archive",
      );
    }
  });

  test("a file that is there twice is refused, whatever its path looks like", async () => {
    for (const again of ["a/one", "./a/one", "a//one", "a/./one"]) {
      await expect(read(archive(entry("a/one", "x"), entry("b"), entry(again, "y")))).rejects.toThrow(
        'some.tar: "a/one" is in the archive twice',
      );
    }
    const twice = archive(entry("a/", "", "5"), entry("a", "x"), entry("./", "", "5"), entry("./b", "y"));
    expect(await read(twice)).toEqual({ a: "x", b: "y" });
  });

  test("long names: of ustar's prefix, of pax, of GNU", async () => {
    const prefixed = entry("name", "x");
    prefixed.set(Buffer.from("some/folder"), 345);
    const sum = prefixed.subarray(0, 512).reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
    prefixed.set(Buffer.from(sum.toString(8).padStart(6, "0") + "\0 "), 148);
    const long = "d/".repeat(120) + "file";
    const line = `path=${long}\n`;
    const pax = entry("header", `${line.length + 4} ${line}`, "x");
    expect(
      await read(archive(prefixed, pax, entry("cut", "y"), entry("@", `${long}2\0`, "L"), entry("c", "z"), entry("d"))),
    )
      .toEqual({ "some/folder/name": "x", [long]: "y", [`${long}2`]: "z", d: "" });
  });

  test("sizes in GNU's binary form", async () => {
    const binary = entry("big", "abc");
    binary.set([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3], 124);
    const sum = binary.subarray(0, 512).reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
    binary.set(Buffer.from(sum.toString(8).padStart(6, "0") + "\0 "), 148);
    expect(await read(archive(binary))).toEqual({ big: "abc" });
  });

  test.each(["../evil", "a/../../evil", "/etc/evil", "..\\evil", "C:\\evil", "C:/evil", ".."])(
    "a path that leads out is refused: %s",
    async (name) => {
      await expect(read(archive(entry("fine"), entry(name, "boo")), { wanted: () => false })).rejects.toThrow(
        `some.tar: the path "${name}" leads out of the archive's folder`,
      );
    },
  );

  test("a path that leads out by a long name is refused, too", async () => {
    await expect(read(archive(entry("@", "../../evil\0", "L"), entry("fine")))).rejects.toThrow(/"\.\.\/\.\.\/evil"/);
    await expect(read(archive(entry("@", "17 path=../evil1\n", "x"), entry("fine")))).rejects.toThrow(/"\.\.\/evil1"/);
  });

  test.each([["2", "a symbolic link"], ["1", "a hard link"], ["3", "a device"], ["Z", 'the unknown type "Z"']])(
    "entries of type %s are refused",
    async (type, what) => {
      await expect(read(archive(entry("x", "", type)))).rejects.toThrow(what);
    },
  );

  test("truncated, damaged and lying archives are errors that say where", async () => {
    await expect(read(good.subarray(0, 1300))).rejects.toThrow(/cut short: "a\/one" has 276 of 700 bytes/);
    await expect(read(good.subarray(0, 1300), { wanted: () => false })).rejects.toThrow(/cut short in "a\/one"/);
    await expect(read(good.subarray(0, 600))).rejects.toThrow(
      /cut short: 88 bytes where a header of 512 begins at 512/,
    );
    const damaged = Buffer.from(good);
    damaged[3]! ^= 1;
    await expect(read(damaged)).rejects.toThrow(/not a tar archive, or a damaged one: the header at byte 0/);
    await expect(read(Buffer.alloc(600, "text"))).rejects.toThrow(/not a tar archive/);
    await expect(read(archive(entry("x", "abc", "0", 2 ** 30)))).rejects.toThrow(
      /"x" claims 1073741824 bytes, more than the 1000000/,
    );
    await expect(read(archive(entry("x", "abc", "x", 2 ** 30)))).rejects.toThrow(/claims 1073741824 bytes/);
  });
});

describe("archives that are made to cost", () => {
  const pax = (content: string, type = "x"): Uint8Array => entry("header", content, type);

  test("records of names that are no lines are damaged, and read once", async () => {
    // Each "1 " was taken for a line of one byte, which made a megabyte a million decoded texts.
    const wrong = [
      "1 ".repeat(500_000),
      "9".repeat(1_000_000),
      "0 a=b\n",
      "6 a=b",
      "7 a=b\n",
      "6 ab\n\n",
      " 6 a=b\n",
      "-6 a=b\n",
      "6 abc\n",
    ];
    for (const content of wrong) {
      for (const type of ["x", "g"]) {
        await expect(read(archive(pax(content, type), entry("a")))).rejects.toThrow(
          "some.tar: the record of names at byte 0 is damaged.",
        );
      }
    }
    const many = "6 a=b\n".repeat(170_000);
    expect(await read(archive(pax(`${many}17 path=found.it\n`), entry("a", "x")))).toEqual({ "found.it": "x" });
  });

  test("there are few of them before a file, and only so many entries", async () => {
    await expect(read(archive(...Array.from({ length: 5 }, () => pax("6 a=b\n"))))).rejects.toThrow(
      /more than 4 records of names/,
    );
    const one = entry("a");
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 1e7; i++) yield await Promise.resolve(one);
    }
    const all = async (): Promise<void> => {
      for await (const _ of readTar(endless(), "some.tar", { wanted: () => false, maxBytes: 1 }));
    };
    await expect(all()).rejects.toThrow(/more than 100000 entries/);
  });

  test("what an archive may unpack to is bounded, also behind its end", { tags: ["long", "once"] }, async () => {
    await expect(read(archive(entry("x", "abc", "0", 2 ** 32)), { wanted: () => false })).rejects.toThrow(
      /"x" claims 4294967296 bytes, and an archive may unpack to 2147483648/,
    );
    const zeros = new Uint8Array(1 << 24);
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 1e7; i++) yield await Promise.resolve(zeros);
    }
    const all = async (): Promise<void> => {
      for await (const _ of readTar(endless(), "some.tar", { wanted: () => true, maxBytes: 1 }));
    };
    await expect(all()).rejects.toThrow(/the padding after the last entry/);
  });
});

test("gunzip gives what was compressed, and says when it is cut short", async () => {
  const content = Buffer.alloc(3e6, "heddle");
  const zipped = gzipSync(content);
  const pieces: Uint8Array[] = [];
  for await (const piece of gunzip(zipped, "x.gz")) pieces.push(piece);
  expect(Buffer.concat(pieces).equals(content)).toBe(true);
  const cut = async (): Promise<void> => {
    for await (const _ of gunzip(zipped.subarray(0, 500), "x.gz"));
  };
  await expect(cut()).rejects.toThrow(/x\.gz: the gzip stream is truncated or damaged.*500 bytes/);
});

test("gunzip reads joined streams and passes over zeros; anything else behind them is an error", async () => {
  const [one, two] = [gzipSync("one"), gzipSync("two")];
  const all = async (...parts: Uint8Array[]): Promise<string> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of gunzip(Buffer.concat(parts), "x.gz")) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  };
  expect(await all(one, two)).toBe("onetwo");
  expect(await all(one, new Uint8Array(512))).toBe("one");
  await expect(all(one, new Uint8Array(5), two)).rejects.toThrow(
    `x.gz: other bytes follow the gzip stream, which ends at byte ${one.length} of ${one.length + 5 + two.length}.`,
  );
  for (const junk of ["x", "junk", "\x1f"]) {
    await expect(all(one, Buffer.from(junk))).rejects.toThrow(/x\.gz: the gzip stream is truncated or damaged/);
  }
});
