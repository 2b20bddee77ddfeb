/** The gradient of max-pooling: every element is added at the position of its maximum, in the order of the outputs. */
import { sizeOf } from "../../../../shape.ts";
import { type CodeModule, ModuleBuilder } from "../../../../code/module.ts";
import { call, get, i32, type Locals, memory, op, set, when } from "../../../../code/tree.ts";
import { fillZeros } from "../conv/conv_image.ts";
import { contiguousInputs, contiguousOutput, inDType } from "../operand_copies.ts";
import { computeKind, dtypeOf, element, type ElementKind } from "../element.ts";
import { addMul, advance, Params, range, unrolled } from "../loops.ts";
import { planned } from "../plan_cache.ts";
import type { CpuRoutine } from "../cpu_routine.ts";

/** The elements of planes per chunk. */
const grain = 65_536;

const fields = ["g", "at", "x", "outputs", "inputs"] as const;
/** The parameters of a call (items: planes). `outputs` and `inputs` are the numbers of elements of a plane. */
const params: Params<typeof fields[number]> = new Params(fields);

function build(kind: ElementKind, vectorBytes: number): CodeModule {
  const { bytes } = element(kind, false);
  const module = new ModuleBuilder();

  const clear = fillZeros(module, vectorBytes);

  // (g, at, x, outputs, inputs): processes a plane.
  const add = module.func(["i32", "i32", "i32", "i32", "i32"], []);
  {
    const [g, at, x, outputs, inputs] = add.params as Locals<5>;
    const [index, target, rest] = [add.local("i32"), add.local("i32"), add.local("i32")];
    add.emit(unrolled(outputs, rest, 4, [
      set(index, memory("i32.load", 0, get(at))),
      // A window without elements has the index −1.
      when(op("i32.lt_u", get(index), get(inputs)), [
        set(target, addMul(get(x), get(index), i32(bytes))),
        memory(
          `${kind}.store`,
          0,
          get(target),
          op(`${kind}.add`, memory(`${kind}.load`, 0, get(target)), memory(`${kind}.load`, 0, get(g))),
        ),
      ]),
      advance(at, 4),
      advance(g, bytes),
    ]));
  }

  const run = module.func(["i32", "i32", "i32", "i32"], [], "run");
  const [p, begin, end] = run.params as Locals<3>;
  const [t, g, x] = [run.local("i32"), run.local("i32"), run.local("i32")];
  const [outputs, inputs] = [run.local("i32"), run.local("i32")];
  run.emit(
    set(outputs, params.read(p, "outputs")),
    set(inputs, params.read(p, "inputs")),
    range(
      t,
      get(begin),
      get(end),
      1,
      set(g, op("i32.mul", get(t), get(outputs))),
      set(x, addMul(params.read(p, "x"), op("i32.mul", get(t), get(inputs)), i32(bytes))),
      call(clear, get(x), op("i32.mul", get(inputs), i32(bytes))),
      call(
        add,
        addMul(params.read(p, "g"), get(g), i32(bytes)),
        addMul(params.read(p, "at"), get(g), i32(4)),
        get(x),
        get(outputs),
        get(inputs),
      ),
    ),
  );
  return module;
}

/** The routine `maxPoolGrad`. Elements with the same target are added by one thread, in ascending order of the outputs. */
export const maxPoolGrad: CpuRoutine<"maxPoolGrad"> = planned((plan, [g, at], [x]) => {
  if (sizeOf(x!.shape) === 0) return;
  const kind = computeKind(x!.dtype);
  const [outputs, inputs] = [sizeOf(g!.shape.slice(2)), sizeOf(x!.shape.slice(2))];
  inDType(plan, dtypeOf(kind), [g!], [x!], ([from], [to]) => {
    contiguousInputs(plan, [from!, at!], ([grad, indices]) => {
      contiguousOutput(plan, to!, (out) => {
        const entry = plan.module(`max pool grad ${kind}`, (vectorBytes) => build(kind, vectorBytes));
        const values = {
          g: grad!.pointer,
          at: indices!.pointer,
          x: out.pointer,
          outputs,
          inputs,
        };
        plan.run(entry, params, values, x!.shape[0]! * x!.shape[1]!, Math.max(Math.ceil(grain / inputs), 1));
      });
    });
  });
});
