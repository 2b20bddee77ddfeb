import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ParallelText } from "./parallel_text.ts";
import { decodeText, linesOf, readLines, readText } from "./text_file.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "heddle-text-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}
const message = (promise: Promise<unknown>): Promise<string> =>
  promise.then(() => "no error", (error: Error) => error.message);
const bytes = (...parts: (string | number)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]));

describe("text files", () => {
  test("line ends of both kinds, a byte order mark, and a last line without an end", async () => {
    expect(await readLines(await file("dos.txt", "\ufeffun\r\ndeux\r\n\r\ntrois"))).toEqual([
      "un",
      "deux",
      "",
      "trois",
    ]);
    expect(await readText(await file("bom.txt", "\ufeffé\n"))).toBe("é\n");
    expect(linesOf("")).toEqual([]);
    expect(linesOf("\n")).toEqual([""]);
  });

  test("nothing else ends a line", () => {
    const line = "a\u2028b\u0085c\x0bd\rf";
    expect(linesOf(`${line}\nx`)).toEqual([line, "x"]);
  });

  test("what is not UTF-8 is an error with its line", async () => {
    const path = await file("latin1.txt", bytes("un\nl'", 0xe9, "t", 0xe9, "\n"));
    expect(await message(readText(path))).toMatch(
      /latin1\.txt: line 2 is not UTF-8: after "l'" come the bytes e9 74 e9\. Save the text as UTF-8/,
    );
    expect(() => decodeText(bytes("a\nb\n", 0xe2, 0x82))).toThrow(
      /decodeText: line 3 is not UTF-8: after "" come the bytes e2 82/,
    );
    expect(() => decodeText(bytes("\ufffd ok\n\ufffd", 0xff))).toThrow(/line 2 .*after "\ufffd" come the bytes ff/);
    expect(() => decodeText(bytes("\ufeffé", 0xc0, 0xaf))).toThrow(/line 1 .*bytes c0 af/);
    expect(() => decodeText(bytes(0xff, 0xfe, "a", 0))).toThrow(/UTF-16; save it as UTF-8/);
    // Halves of pairs, which UTF-16 in UTF-8's clothes would have.
    expect(() => decodeText(bytes("x", 0xed, 0xa0, 0x80))).toThrow(/line 1 .*bytes ed a0 80/);
  });

  test("a replacement character that is in the text is text", () => {
    expect(decodeText(bytes("a\ufffdb"))).toBe("a\ufffdb");
  });

  test("a missing file is named", async () => {
    expect(await message(readText(join(folder, "nowhere.txt")))).toMatch(/nowhere\.txt/);
  });
});

describe("pairs from tab-separated lines", () => {
  test("read, with further columns passed over", async () => {
    const pairs = await ParallelText.fromTsv(await file("fra.txt", "Go.\tVa !\tCC-BY\r\nRun!\tCours !\tCC-BY\r\n"));
    expect([pairs.get(0), pairs.get(1), pairs.length]).toEqual([["Go.", "Va !"], ["Run!", "Cours !"], 2]);
    expect(pairs.sources).toEqual(["Go.", "Run!"]);
    expect(pairs.targets).toEqual(["Va !", "Cours !"]);
  });

  test("columns choose the direction, and so does reversed", () => {
    const text = "1\tGo.\tVa !\n2\tRun!\tCours !";
    const forth = ParallelText.parseTsv(text, { columns: [1, 2] });
    const back = ParallelText.parseTsv(text, { columns: [2, 1] });
    expect(forth.get(1)).toEqual(["Run!", "Cours !"]);
    expect(back.map((s, t) => [s, t])).toEqual(forth.reversed().map((s, t) => [s, t]));
  });

  test("pairs with an empty side are dropped together and their lines kept", () => {
    const pairs = ParallelText.parseTsv("a\tb\n\n \tc\nd\t\u00a0\ne\tf\n");
    expect(pairs.map((s, t) => s + t)).toEqual(["ab", "ef"]);
    expect(pairs.dropped).toEqual([2, 3, 4]);
  });

  test("a line without its columns is an error", async () => {
    const path = await file("broken.txt", "a\tb\nno tab here\nc\td\n");
    expect(await message(ParallelText.fromTsv(path))).toMatch(
      /broken\.txt: line 2 has 1 column between tabs, expected at least 2: "no tab here"/,
    );
    expect(() => ParallelText.parseTsv("a\tb", { columns: [0, 2] })).toThrow(/line 1 has 2 columns.*at least 3/);
    expect(() => ParallelText.parseTsv("a\tb", { columns: [1, 1] })).toThrow(/two different integers/);
    expect(() => ParallelText.parseTsv("a\tb", { column: 1 } as object)).toThrow(/did you mean "columns"/);
  });

  test("no pair is an error", () => {
    expect(() => ParallelText.parseTsv("")).toThrow(/there is no pair of sentences\./);
    expect(() => ParallelText.parseTsv("\n\ta\n")).toThrow(/no pair of sentences; 2 lines were dropped/);
  });
});

describe("pairs from two files", () => {
  test("line by line, empty ones dropped on both sides", async () => {
    const from = await file("a.fr", "\ufeffun\r\n\r\ntrois\r\nquatre\r\n");
    const to = await file("a.en", "one\ntwo\nthree\n\n");
    const pairs = await ParallelText.fromFiles(from, to);
    expect(pairs.map((s, t) => [s, t])).toEqual([["un", "one"], ["trois", "three"]]);
    expect(pairs.dropped).toEqual([2, 4]);
  });

  test("different numbers of lines are an error that names both", async () => {
    const from = await file("b.fr", "un\ndeux\ntrois\n");
    const to = await file("b.en", "one\ntwo\n");
    expect(await message(ParallelText.fromFiles(from, to))).toMatch(/b\.fr has 3 lines and .*b\.en has 2/);
    expect(() => ParallelText.fromLines(["a"], ["b", ""])).toThrow(/the source has 1 lines and the target has 2/);
  });

  test("invalid UTF-8 names the file and the line", async () => {
    const from = await file("c.fr", bytes("un\nd", 0xe9, "\n"));
    const to = await file("c.en", "one\nthe\n");
    expect(await message(ParallelText.fromFiles(from, to))).toMatch(/c\.fr: line 2 is not UTF-8/);
  });

  test("filter keeps what is short enough; indices are checked", () => {
    const pairs = ParallelText.fromLines(["a", "a b c", "d"], ["x", "y", "z z z"]);
    const short = pairs.filter((s, t) => s.length < 3 && t.length < 3);
    expect(short.map((s) => s)).toEqual(["a"]);
    expect(() => short.get(1)).toThrow(/index 1 is out of range for 1 samples/);
  });
});
