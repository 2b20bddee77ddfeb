import { expect, test } from "vitest";
import { Generator } from "../random.ts";
import { collapse } from "./collapse.ts";

/** For each operand the positions visited, in order; those of the first `outer` dims for the last operand. */
function visits(shape: readonly number[], operands: readonly (readonly number[])[]): number[][] {
  return operands.map((strides) =>
    shape.slice(0, strides.length).reduce<number[]>(
      (starts, size, d) => starts.flatMap((start) => Array.from({ length: size }, (_, i) => start + i * strides[d]!)),
      [0],
    )
  );
}

test("neighbours that every operand steps through evenly become one dimension", () => {
  expect(collapse([2, 3, 4], [[12, 4, 1], [12, 4, 1]], 3)).toEqual({ shape: [24], operands: [[1], [1]], boundary: 1 });
  expect(collapse([2, 3, 4], [[12, 4, 1], [0, 4, 1]], 3)).toEqual({
    shape: [2, 12],
    operands: [[12, 1], [0, 1]],
    boundary: 2,
  });
  expect(collapse([2, 1, 3], [[1, 9, 2]], 3)).toEqual({ shape: [2, 3], operands: [[1, 2]], boundary: 2 });
  expect(collapse([], [[]], 0)).toEqual({ shape: [], operands: [[]], boundary: 0 });
});

test("reduced dimensions do not merge with those that remain", () => {
  expect(collapse([2, 3, 4], [[12, 4, 1], [3, 1]], 2)).toEqual({ shape: [6, 4], operands: [[4, 1], [1]], boundary: 1 });
  expect(collapse([2, 3], [[3, 1], []], 0)).toEqual({ shape: [6], operands: [[1], []], boundary: 0 });
  expect(collapse([2, 1], [[1, 1], [1]], 1)).toEqual({ shape: [2], operands: [[1], [1]], boundary: 1 });
});

test("whatever the strides, the same elements are visited in the same order", () => {
  const generator = new Generator(1);
  const draw = (n: number) => Math.floor(generator.uniforms(1)[0]! * n);
  let merged = 0;
  for (let round = 0; round < 500; round++) {
    const rank = draw(5);
    const shape = Array.from({ length: rank }, () => 1 + draw(3));
    const boundary = draw(rank + 1);
    const strides = (dims: number): number[] => {
      const result = new Array<number>(dims);
      for (let d = dims - 1, step = 1; d >= 0; d--) {
        result[d] = draw(4) === 0 ? draw(7) : step;
        step *= shape[d]!;
      }
      return result;
    };
    const operands = [strides(rank), strides(rank), strides(boundary)];
    const found = collapse(shape, operands, boundary);
    if (found.shape.length < rank) merged++;
    expect(visits(found.shape, found.operands), `[${shape}] ${JSON.stringify(operands)} at ${boundary}`)
      .toEqual(visits(shape, operands));
    expect(found.operands[2]!.length).toBe(found.boundary);
  }
  expect(merged).toBeGreaterThan(200);
});
