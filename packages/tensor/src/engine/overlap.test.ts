import { describe, expect, test } from "vitest";
import { arange, type Tensor } from "../mod.ts";
import { areDisjoint } from "./overlap.ts";

describe("areDisjoint", () => {
  const all = arange(120);

  /** Whether they have no element in common, checked element by element. */
  function disjoint(a: Tensor, b: Tensor): boolean {
    const places = new Set(a.flatten().toTypedArray("float32"));
    return !Array.from(b.flatten().toTypedArray("float32")).some((place) => places.has(place));
  }

  test("columns of the same rows, successive rows, and combinations", () => {
    const rows = all.reshape(10, 12);
    const blocks = rows.chunk(3, 1);
    expect(areDisjoint(blocks[0]!, blocks[1]!)).toBe(true);
    expect(areDisjoint(blocks[2]!, blocks[1]!)).toBe(true);
    expect(areDisjoint(blocks[1]!, blocks[1]!)).toBe(false);
    expect(areDisjoint(rows.narrow(0, 0, 4), rows.narrow(0, 4, 6))).toBe(true);
    expect(areDisjoint(rows.narrow(0, 0, 5), rows.narrow(0, 4, 6))).toBe(false);
    expect(areDisjoint(rows.narrow(1, 0, 5), rows.narrow(1, 4, 4))).toBe(false);
    expect(areDisjoint(rows.select(0, 3).expand(4, 12), rows.select(0, 4))).toBe(true);
  });

  test("is false for views that share an element", () => {
    const bases = [all, all.reshape(10, 12), all.reshape(4, 5, 6), all.reshape(10, 12).t()];
    const views = bases.flatMap((base) => [
      base,
      ...base.unbind(0).slice(0, 4),
      ...base.chunk(3, -1),
      ...base.narrow(0, 1, 2).chunk(2, -1),
      base.at("::2"),
      base.at("1::3"),
    ]);
    let apart = 0;
    for (const a of views) {
      for (const b of views) {
        if (!areDisjoint(a, b)) continue;
        apart++;
        expect(disjoint(a, b)).toBe(true);
      }
    }
    expect(apart).toBeGreaterThan(200);
  });
});
