import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type ArchitectureName, architectures } from "./architectures.ts";
import { describeState, freeModel, makeModel } from "../../testing/model_state.ts";
import { recorded } from "../../testing/recorded.ts";
import * as vision from "./mod.ts";

const states = recorded<Record<ArchitectureName, string>>("vision_states.json.gz");
const names = Object.keys(architectures) as ArchitectureName[];

/** Cells of the rows of the README's table, by torchvision's name. */
const rows = new Map(
  readFileSync(new URL("../../README.md", import.meta.url), "utf8").split("\n")
    .filter((line) => line.startsWith("|") && line.includes("arxiv.org"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()))
    .map((cells) => [cells[1]!.replaceAll("`", ""), cells]),
);

describe("as in torchvision, and as documented", () => {
  test("the same architectures", () => {
    expect([...names].sort()).toEqual(Object.keys(states).sort());
    expect([...rows.keys()]).toEqual(names);
  });

  test.each(names)("%s", { tags: ["once"] }, (name) => {
    const { create, crop, paper } = architectures[name];
    const model = makeModel(() => create({ device: "null" }));
    const lines = describeState(model);
    const millions = model.parameters().reduce((sum, { numel }) => sum + numel, 0) / 1e6;
    freeModel(model);
    // Heddle counts in int32.
    expect(lines).toEqual(states[name].replaceAll(" int64 ", " int32 ").split("\n"));

    const [made, ...cells] = rows.get(name)!;
    const link = `[${paper}](https://arxiv.org/abs/${paper})`;
    expect(cells).toEqual([`\`${name}\``, millions.toFixed(1), String(crop), link]);
    expect((vision as Record<string, unknown>)[made!.replaceAll("`", "")]).toBe(create);
  });
});
