import { describe, expect, test } from "vitest";
import { type ArchitectureName, architectures } from "./architectures.ts";
import { freeModel } from "../../testing/free_model.ts";
import { recorded } from "../../testing/recorded.ts";

const states = recorded<Record<ArchitectureName, string>>("vision_states.json.gz");
const names = Object.keys(architectures) as ArchitectureName[];

describe("state dicts have the names, shapes and order of torchvision's", () => {
  test("for every architecture", () => expect(names.sort()).toEqual(Object.keys(states).sort()));

  test.each(names)("%s", (name) => {
    const model = architectures[name].create({ device: "null" });
    const lines = Object.entries(model.stateDict()).map(([key, { dtype, shape }]) =>
      `${key} ${dtype} [${shape.join(", ")}]`
    );
    freeModel(model);
    // Heddle counts in int32.
    expect(lines).toEqual(states[name].replaceAll(" int64 ", " int32 ").split("\n"));
  });
});
