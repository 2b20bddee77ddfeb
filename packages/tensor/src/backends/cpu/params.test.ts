import { expect, test } from "vitest";
import { arange, type Device, full, getDevice, stack, type Tensor } from "../../mod.ts";
import { registerDevice } from "../../backend_mod.ts";
import { CpuBackend } from "./mod.ts";

/** A device with unused memory: the next tensor directly follows the parameters. */
function freshDevice(): Device {
  registerDevice("cpu of the parameters", () => new CpuBackend(1));
  return getDevice("cpu of the parameters");
}

test("parameters of tensors of very many dimensions stay within their memory", () => {
  const device = freshDevice();
  const calls: Record<string, (x: Tensor) => Tensor> = {
    sort: (x) => x.sort(3, { descending: true }).values,
    cumsum: (x) => x.cumsum(3),
    gather: (x) => x.gather(3, x.to("int32").mul(0)),
    softmax: (x) => x.softmax(3),
  };
  const few = arange(0, 12, 1, { device }).reshape(1, 1, 1, 4, 3);
  for (const [name, call] of Object.entries(calls)) {
    const expected = call(few).reshape(-1).toArray();
    const neighbours = Array.from({ length: 20 }, () => full([16], 7, { device }));
    const many = few.reshape([...few.shape, ...Array<number>(100).fill(1)]);
    expect(call(many).reshape(-1).toArray(), name).toEqual(expected);
    expect(stack(neighbours).reshape(-1).toArray<number[]>().every((value) => value === 7), name).toBe(true);
  }
});

test("dimensions that do not merge, in kernels of many operands", () => {
  const device = freshDevice();
  // 2 × 1 × 2 × 1 …: every other dimension is repeated by the other operand.
  const rank = 20;
  const side = (odd: number): Tensor =>
    full(Array.from({ length: rank }, (_, d) => d % 2 === odd ? 2 : 1), 1, { device });
  const neighbours = Array.from({ length: 20 }, () => full([16], 7, { device }));
  expect(side(0).add(side(1)).sum().item()).toBe(2 ** (rank + 1));
  expect(stack(neighbours).reshape(-1).toArray<number[]>().every((value) => value === 7)).toBe(true);
});
