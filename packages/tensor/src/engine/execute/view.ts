/** Views, which run no kernel, and tensors assembled by writing into views of new memory. */
import { internals, makeTensor } from "../../tensor/core.ts";
import { checkSupported, deviceOf } from "../checks.ts";
import { resultType } from "../../dtype.ts";
import { fill } from "../fill.ts";
import { produceOne } from "../launch.ts";
import { writeElements } from "./elements.ts";
import { activeRecorder, recorded, type StepAttrs } from "../recorder.ts";
import type { AssemblePrim, Attrs, ViewStep } from "../../prims/attrs.ts";
import { table } from "../../prims/table.ts";
import { contiguousStrides, type Geometry, type Shape, showShape, sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { cast } from "../../ir/kernel.ts";

/** A view of a tensor: the same storage in another geometry. */
export function view(step: ViewStep, input: Tensor): Tensor {
  if (activeRecorder() !== null) return recorded(step.prim, [input], step.attrs, () => [view(step, input)])[0]!;
  const rule = table[step.prim].geometry as (input: Geometry, attrs: ViewStep["attrs"]) => Geometry;
  const geometry = rule(input, step.attrs);
  if (!(sizeOf(geometry.shape) <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(
      `${step.prim}: a view of shape ${showShape(geometry.shape)} of a tensor of shape ${
        showShape(input.shape)
      } has more ` +
        `elements than can be counted`,
    );
  }
  // An empty view keeps the offset of its base: its own offset may lie beyond the memory.
  const result = makeTensor(
    input.storage,
    input.dtype,
    sizeOf(geometry.shape) > 0 ? geometry : { ...geometry, offset: input.offset },
  );
  const made = internals(result);
  made.source = { tensor: input, prim: step.prim, attrs: step.attrs };
  made.historyEpoch = internals(input).historyEpoch;
  return result;
}

/** The geometry of a view of a new, contiguous tensor of this shape. */
function viewOf(shape: Shape, { prim, attrs }: ViewStep): Geometry {
  const rule = table[prim].geometry as (input: Geometry, attrs: ViewStep["attrs"]) => Geometry;
  return rule({ shape, strides: contiguousStrides(shape), offset: 0 }, attrs);
}

export function assemble(
  prim: AssemblePrim,
  inputs: readonly Tensor[],
  attrs: Attrs[AssemblePrim],
  operation: string,
): Tensor {
  if (activeRecorder() !== null) {
    return recorded(
      prim,
      inputs,
      attrs as StepAttrs[AssemblePrim],
      () => [assemble(prim, inputs, attrs, operation)],
    )[0]!;
  }
  const device = deviceOf(operation, inputs);
  checkSupported(operation, device, resultType(inputs));
  const write = (output: Tensor, geometry: Geometry, input: Tensor): void => {
    const expr = cast({ op: "input", index: 0, dtype: input.dtype }, output.dtype);
    const part = makeTensor(output.storage, output.dtype, geometry, false);
    try {
      writeElements(operation, device, [input], [], expr, part);
    } finally {
      part.dispose();
    }
  };
  if ("view" in attrs) {
    const input = inputs[0]!;
    return produceOne(operation, device, input.dtype, attrs.shape, (output) => {
      fill(operation, output, attrs.value);
      write(output, viewOf(attrs.shape, attrs.view), input);
    });
  }
  const { dim } = attrs;
  const length = inputs.reduce((n, input) => n + input.shape[dim]!, 0);
  const shape = inputs[0]!.shape.map((size, d) => d === dim ? length : size);
  return produceOne(operation, device, resultType(inputs), shape, (output) => {
    let start = 0;
    for (const input of inputs) {
      const part = input.shape[dim]!;
      write(output, viewOf(shape, { prim: "slice", attrs: { dim, start, length: part, step: 1 } }), input);
      start += part;
    }
  });
}
