import { describe, expect, test } from "vitest";
import { failing } from "../errors.ts";
import { PickledDict, PickledTuple, PickleEnds, unpickle } from "./pickle.ts";
import { TorchWorld } from "./world.ts";

const fail = failing("load", "a.pt", "PyTorch");
type Part = string | number | readonly number[];

function bytes(...parts: readonly Part[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => {
    return typeof part === "number" ? [part] : typeof part === "string" ? [...new TextEncoder().encode(part)] : part;
  }));
}

const world = new TorchWorld("load", "a.pt", false, fail);
const run = (...parts: readonly Part[]): unknown => unpickle(bytes(0x80, 2, ...parts), 0, world, fail).value;
const repeated = (part: string, times: number): string => part.repeat(times);

test("data of every kind is read", () => {
  expect(
    run("]q", 0, "(K", 1, "M", 1, 2, "J", [255, 255, 255, 255], "G", [64, 4, 0, 0, 0, 0, 0, 0], "N", 0x88, 0x89, "e."),
  ).toEqual([
    ...[1, 513, -1, 2.5, null, true, false],
  ]);
  expect(run(0x8a, 0, ".")).toBe(0);
  expect(run(0x8a, 1, 0xff, ".")).toBe(-1);
  expect(run(0x8a, 8, [0, 0, 0, 0, 0, 0, 0, 128], ".")).toBe(-(2n ** 63n));
  expect(run("X", [2, 0, 0, 0], "é", ".")).toBe("é");
  expect(run("U", 1, "a.")).toBe("a");
  expect(run("C", 2, [1, 200], ".")).toEqual(Uint8Array.of(1, 200));
  expect((run("K", 1, "K", 2, 0x86, ".") as PickledTuple).items).toEqual([1, 2]);
  expect((run("}(U", 1, "aK", 1, "U", 1, "bK", 2, "u.") as PickledDict).entries).toEqual(new Map([["a", 1], ["b", 2]]));
  expect(run(0x8f, "(K", 1, "K", 2, 0x90, ".")).toEqual(new Set([1, 2]));
  expect(run("c__builtin__\nset\n](K", 1, "e", 0x85, "R.")).toEqual(new Set([1]));
  expect(run("c_codecs\nencode\nX", [2, 0, 0, 0], "é", "U", 6, "latin1", 0x86, "R.")).toEqual(Uint8Array.of(233));
  // The same object twice.
  const [one, two] = run("](]q", 7, "h", 7, "e.") as unknown[];
  expect(one).toBe(two);
});

describe("refused:", () => {
  test.each<[string, readonly Part[], RegExp]>([
    [
      "a function",
      ["cos\nsystem\nU", 2, "ls", 0x85, "R."],
      /holds "os\.system", which is code of Python and is never run/,
    ],
    ["a function by its name on the stack", ["U", 2, "osU", 6, "system", 0x93, "."], /holds "os\.system"/],
    ["a class of old", ["(ios\nsystem\n."], /the instruction 0x69/],
    ["getattr, by which a pickle would reach everything", ["cbuiltins\ngetattr\n."], /holds "builtins\.getattr"/],
    ["a name that objects have of themselves", ["cconstructor\nconstructor\n."], /holds "constructor\.constructor"/],
    ["a call of data", ["U", 1, "a)R."], /calls what cannot be called/],
    ["a call with data", ["ccollections\nOrderedDict\n]R."], /calls with what is no tuple/],
    ["nothing on the stack", ["."], /takes from an empty stack/],
    ["less on the stack than is taken", ["K", 1, 0x86, "."], /takes from an empty stack/],
    ["what lies before a mark", ["K", 1, "(0."], /takes from an empty stack/],
    ["no mark", ["K", 1, "t."], /closes what it has not opened/],
    ["an unknown object", ["h", 9, "."], /refers to its object 9/],
    ["a key twice", ["}(U", 1, "aNU", 1, "aNu."], /the key "a" twice/],
    ["a key without a value", ["}(Nu."], /a key without a value/],
    ["items of a list", ["](NNu."], /sets items of what is no dict/],
    ["a state of data", ["]}b."], /sets the state of what has none/],
    ["a giant integer", [0x8b, [0, 0, 0, 64], "."], /an integer of 1073741824 bytes/],
    ["protocol 0", ["I1\n."], /the instruction 0x49, which data does not need/],
    ["a storage that is none", ["U", 1, "aQ."], /refers to what is no storage/],
    [
      "a storage of too many elements",
      ["(U", 7, "storagectorch\nFloatStorage\nU", 1, "0U", 3, "cpu", 0x8a, 8, [0, 0, 0, 0, 0, 0, 0, 64], "tQ."],
      /a storage is not described/,
    ],
  ])("%s", (_, parts, message) => {
    expect(() => run(...parts)).toThrow(message);
  });

  test("bytes that are said to be there and are not, without memory for them", () => {
    for (const opcode of [0x58, 0x42, 0x54]) expect(() => run(opcode, [255, 255, 255, 255], "abc")).toThrow(PickleEnds);
    for (const opcode of [0x8d, 0x8e, 0x96]) {
      expect(() => run(opcode, [255, 255, 255, 255, 255, 255, 255, 127])).toThrow(PickleEnds);
    }
    expect(() => run("]")).toThrow(PickleEnds);
    expect(() => run("ccollections")).toThrow(PickleEnds);
  });

  test("copies of the same long list, made again and again", () => {
    const list = `](${repeated("N", 2000)}eq\u0000`;
    const call = [...bytes("c__builtin__\nset\nh", 0, 0x85, "R0")];
    expect(() => run(list, Array.from({ length: 500 }, () => call).flat(), "N.")).toThrow(
      /copies the same data again and again/,
    );
  });
});
