import { expect, test } from "vitest";
import { checkOptions } from "./options.ts";

test("known options pass, unknown ones are named with the nearest known one", () => {
  const known = ["batchSize", "shuffle"];
  checkOptions("DataLoader", { batchSize: 1, shuffle: undefined }, known);
  checkOptions("DataLoader", {}, known);
  expect(() => checkOptions("DataLoader", { batch_size: 1 }, known)).toThrow(
    'DataLoader: unknown option "batch_size", did you mean "batchSize"? (known: batchSize, shuffle)',
  );
  expect(() => checkOptions("DataLoader", { shuf: true }, known)).toThrow(/did you mean "shuffle"/);
  expect(() => checkOptions("DataLoader", { workers: 2 }, known)).toThrow('unknown option "workers" (known');
});
