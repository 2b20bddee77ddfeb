import { ones, type Tensor } from "@heddle/tensor";
import { keepsPrepared } from "@heddle/tensor/engine";
import { expect, test } from "vitest";
import { customFunction, enableGrad, noGrad } from "./mod.ts";

test("evaluation is what runs inside noGrad, but not a backward pass or a recorded function", () => {
  const seen: Record<string, boolean> = { outside: keepsPrepared() };
  const twice = customFunction<[Tensor], Tensor>({
    name: "twice",
    forward(_context, x) {
      seen["forward"] = keepsPrepared();
      return x.mul(2);
    },
    backward(_context, gradient) {
      seen["backward"] = keepsPrepared();
      return [gradient.mul(2)];
    },
  });
  const x = ones([2], { requiresGrad: true });
  twice(x).sum().backward();
  noGrad(() => {
    seen["noGrad"] = keepsPrepared();
    enableGrad(() => seen["enableGrad"] = keepsPrepared());
    seen["afterwards"] = keepsPrepared();
  });
  const { outside, forward, backward, ...inside } = seen;
  expect([outside, forward, backward]).toEqual([false, false, false]);
  expect(inside).toEqual({ noGrad: true, enableGrad: false, afterwards: true });
  noGrad(() => twice(x));
  expect(seen["forward"]).toBe(true);
});
