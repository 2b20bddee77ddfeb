import { describe, expect, test } from "vitest";
import { type ArchitectureName, architectures } from "./architectures.ts";
import { describeState, freeModel, makeModel } from "../../testing/model_state.ts";
import { recorded } from "../../testing/recorded.ts";

const states = recorded<Record<ArchitectureName, string>>("vision_states.json.gz");
const names = Object.keys(architectures) as ArchitectureName[];

describe("state dicts have the names, shapes and order of torchvision's", () => {
  test("for every architecture", () => expect(names.sort()).toEqual(Object.keys(states).sort()));

  test.each(names)("%s", { tags: ["once"] }, (name) => {
    const model = makeModel(() => architectures[name].create({ device: "null" }));
    const lines = describeState(model);
    freeModel(model);
    // Heddle counts in int32.
    expect(lines).toEqual(states[name].replaceAll(" int64 ", " int32 ").split("\n"));
  });
});
