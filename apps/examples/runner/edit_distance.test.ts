import { describe, expect, test } from "vitest";
import { editDistance, nearMatches } from "./edit_distance.ts";

describe("editDistance", () => {
  test.each([
    ["", "", 0],
    ["", "abc", 3],
    ["epochs", "epochs", 0],
    ["epoch", "epochs", 1],
    ["ephocs", "epochs", 2],
    ["opt", "out", 1],
    ["ba", "ab", 1],
    ["kitten", "sitting", 3],
  ])("%s to %s takes %d", (a, b, steps) => {
    expect(editDistance(a, b)).toBe(steps);
    expect(editDistance(b, a)).toBe(steps);
  });
});

describe("nearMatches", () => {
  const names = ["device", "epochs", "batch", "lr", "seed", "limit", "data", "out", "json", "dry-run", "model"];

  test("finds a slip, nearest first", () => {
    expect(nearMatches("epoch", names)[0]).toBe("epochs");
    expect(nearMatches("sede", names)[0]).toBe("seed");
    expect(nearMatches("dryrun", names)).toEqual(["dry-run"]);
    expect(nearMatches("OUT", names)[0]).toBe("out");
  });

  test("finds a beginning", () => {
    expect(nearMatches("dev", names)).toEqual(["device"]);
    expect(nearMatches("batchsize", names)).toEqual(["batch"]);
  });

  test("finds nothing for something else", () => {
    expect(nearMatches("temperature", names)).toEqual([]);
    expect(nearMatches("x", names)).toEqual([]);
  });
});
