import { tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import { Subsampling } from "./subsampling.ts";

test("Subsampling sums squares of four, then scales and shifts each map", () => {
  const layer = new Subsampling(2);
  layer.coefficient.detach().copy_(tensor([[[0.5]], [[-2]]]));
  layer.bias.detach().copy_(tensor([[[1]], [[10]]]));
  const x = tensor([[[[1, 2, 3, 4], [5, 6, 7, 8]], [[1, 0, 0, 0], [0, 0, 0, 1]]]]);
  expect(layer.forward(x).toArray()).toEqual([[[[8, 12]], [[8, 8]]]]);
});

test("Subsampling has two parameters a map", () => {
  const layer = new Subsampling(6);
  expect(layer.namedParameters().map(([name, { numel }]) => [name, numel])).toEqual([["coefficient", 6], ["bias", 6]]);
});
