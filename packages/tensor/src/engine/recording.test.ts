import { describe, expect, test } from "vitest";
import { arange, eye, full, fused, memory, ones, type Tensor, tensor, tidy, zeros } from "../mod.ts";
import { Recording, type Value } from "./recording.ts";

const prims = (recording: Recording): string[] => recording.steps.map(({ prim }) => prim);

describe("Recording", () => {
  test("has operations as steps from values to values", () => {
    const x = ones([2, 3]);
    const recording = new Recording([x]);
    const y = recording.run(() => x.add(1).softmax(1).sum(0));
    expect(prims(recording)).toEqual(["expression", "softmax", "sum"]);
    expect(recording.steps[0]!.inputs[0]).toBe(recording.inputs[0]);
    expect(recording.steps[1]!.inputs[0]).toBe(recording.steps[0]!.outputs[0]);
    expect(recording.valueOf(y)).toBe(recording.steps[2]!.outputs[0]);
    x.add(1);
    expect(recording.steps).toHaveLength(3);
    recording.dispose();
  });

  test("knows views by their geometry", () => {
    const x = ones([2, 3]);
    const recording = new Recording([x]);
    const [turned, back] = recording.run(() => {
      const turned = x.t();
      return [turned, turned.t()] as const;
    });
    expect(prims(recording)).toEqual(["permute"]);
    expect(recording.valueOf(turned).shape).toEqual([3, 2]);
    expect(recording.valueOf(back)).toBe(recording.inputs[0]);
    recording.dispose();
  });

  test("a write to a view is a new value of the whole, which other views see", () => {
    const x = ones([4, 3]);
    const recording = new Recording([x]);
    const row = recording.run(() => {
      const copy = x.clone();
      const row = copy.select(0, 1);
      copy.narrow(0, 0, 2).mul_(2);
      return row.add(0);
    });
    expect(prims(recording)).toEqual(["expression", "select", "slice", "expression", "write", "select", "expression"]);
    const write = recording.steps[4]!;
    expect(write.attrs).toEqual({ path: [{ prim: "slice", attrs: { dim: 0, start: 0, length: 2, step: 1 } }] });
    expect(recording.steps[5]!.inputs[0]).toBe(write.outputs[0]);
    expect(recording.valueOf(row)).toBe(recording.steps[6]!.outputs[0]);
    recording.dispose();
  });

  test("keeps constants as they were when they were used", () => {
    const x = ones([2]);
    const weight = full([2], 3);
    const recording = new Recording([x]);
    recording.run(() => {
      x.mul(weight);
      weight.fill_(5);
      x.mul(weight);
    });
    const constants = recording.steps.filter(({ inputs }) => inputs.length === 2).map(({ inputs }) =>
      inputs[1] as Value
    );
    expect(constants.map(({ live, tensor }) => [live, tensor!.toArray()])).toEqual([[false, [3, 3]], [false, [5, 5]]]);
    recording.dispose();
  });

  test("refuses to read values that depend on the inputs, and reads others", () => {
    const x = ones([1]);
    const recording = new Recording([x]);
    recording.run(() => {
      expect(full([1], 2).item()).toBe(2);
      expect(() => x.add(1).item()).toThrow(
        /the values of a float32 tensor of shape \[1\] are read \(as item\(\) and toArray\(\) do\) while/,
      );
    });
    recording.dispose();
  });

  test("records updates of several tensors, fused functions and diagonals", () => {
    const x = tensor([1, 2]);
    const double = fused("double", (x) => x.mul(2));
    const recording = new Recording([x]);
    const y = recording.run(() => double([x]).unsqueeze(0).matmul(eye(2)).cumsum(1) as Tensor);
    expect(recording.valueOf(y).live).toBe(true);
    expect(prims(recording)).toContain("matmul");
    const product = recording.steps.find(({ prim }) => prim === "matmul")!;
    expect(product.inputs[1]!.tensor!.toArray()).toEqual([[1, 0], [0, 1]]);
    recording.dispose();
  });

  test("frees what it holds", () => {
    const x = ones([1]);
    const before = memory().storages;
    const recording = new Recording([x]);
    tidy(() => {
      recording.run(() => x.mul(arange(3)).add(zeros([3])));
    });
    recording.dispose();
    expect(memory().storages).toBe(before);
  });
});
