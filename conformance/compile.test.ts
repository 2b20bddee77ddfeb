import { expect, test } from "vitest";
import { compile } from "@heddle/compile";
import { scope, type Tensor } from "@heddle/tensor";
import { begin, trainings } from "./compile_models.ts";

/** The losses of some steps, then the parameters, their gradients and buffers, as bits. */
function train(name: string, steps: number, compiled: boolean): { bits: number[][]; replays: number } {
  const { model, step, batch } = begin(name);
  const own = compile(step);
  const bits: number[][] = [];
  const put = (x: Tensor): void => void bits.push([...x.detach().toTypedArray()].map(Number));
  for (let i = 0; i < steps; i++) {
    using _ = scope();
    put((compiled ? own : step)(...batch()));
  }
  for (const parameter of model.parameters()) {
    put(parameter);
    if (parameter.grad) put(parameter.grad);
  }
  for (const buffer of model.buffers()) put(buffer);
  const { replays } = own.report();
  own.dispose();
  return { bits, replays };
}

test.each(Object.keys(trainings))("a compiled step equals the eager one to the bit: %s", (name) => {
  const eager = train(name, 9, false);
  const compiled = train(name, 9, true);
  expect(compiled.replays).toBe(6);
  expect(compiled.bits.length).toBe(eager.bits.length);
  const differing = eager.bits.findIndex((values, i) => values.some((value, n) => !Object.is(value, compiled.bits[i]![n])));
  expect(differing).toBe(-1);
});
