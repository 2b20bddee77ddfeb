import { elementwiseRows } from "@heddle/tensor/backend";
import { expect, test } from "vitest";
import { loadFixtures } from "./load.ts";

test("every element-wise primitive has recordings", () => {
  const families = ["elementwise_unary", "elementwise_binary", "elementwise_ternary"];
  const recorded = new Set(families.flatMap((family) => loadFixtures(family).cases.map(({ call }) => call)));
  // `to` is recorded with the promotions.
  const missing = Object.keys(elementwiseRows).filter((prim) => prim !== "cast" && !recorded.has(prim));
  expect(missing, "add them to tools/oracle/elementwise_*.py, and record these again").toEqual([]);
});
