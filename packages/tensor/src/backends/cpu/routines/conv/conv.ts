/** Convolution in one to three dimensions and its two gradients, for any strides and dtype. */
import type { Attrs } from "../../../../prims/attrs.ts";
import { sizeOf } from "../../../../shape.ts";
import type { Engine } from "../../engine.ts";
import { convIm2col } from "./conv_im2col.ts";
import { convBackward, convForward } from "./conv_forward.ts";
import { convGradOfInput } from "./conv_input_grad.ts";
import { convGeometry, hasTerms } from "./conv_geometry.ts";
import { convGradOfWeight } from "./conv_weight_grad.ts";
import { convFullKernel } from "./conv_full_kernel.ts";
import { convGradOfWeightByTiles } from "../winograd/winograd_grad.ts";
import { convByTiles, convGradByTiles } from "../winograd/winograd.ts";
import { contiguousInputs, contiguousOutput, inDType } from "../operand_copies.ts";
import { computeKind, dtypeOf } from "../element.ts";
import type { CpuOperand } from "../operand.ts";
import { itemSize, typedArrayOver } from "../../../../dtype.ts";

type Inputs = readonly [CpuOperand, CpuOperand, CpuOperand?];
type Product = (engine: Engine, inputs: Inputs, output: CpuOperand) => void;

/** Converts operands to the dtype and layout that products take. `free` marks the inputs that may have any strides. */
function withOperands(
  engine: Engine,
  inputs: readonly CpuOperand[],
  outputs: readonly CpuOperand[],
  free: readonly boolean[],
  product: Product,
): void {
  const dtype = dtypeOf(computeKind(outputs[0]!.dtype));
  inDType(engine, dtype, inputs, outputs, (from, [to]) => {
    contiguousOutput(engine, to!, (out) => {
      const fixed = from.filter((_, i) => !free[i]);
      contiguousInputs(engine, fixed, (copies) => {
        let next = 0;
        product(engine, from.map((input, i) => free[i] ? input : copies[next++]!) as unknown as Inputs, out);
      });
    });
  });
}

function zero(engine: Engine, { pointer, shape, dtype }: CpuOperand): void {
  new Uint8Array(engine.heap.memory.buffer, pointer, sizeOf(shape) * itemSize(dtype)).fill(0);
}

/** Writes an output whose sums have no terms. */
function biasAlone(engine: Engine, y: CpuOperand, { activation }: Attrs["conv"], bias?: CpuOperand): void {
  zero(engine, y);
  if (!bias) return;
  const view = ({ pointer, shape, dtype }: CpuOperand): Float64Array =>
    typedArrayOver(dtype, engine.heap.memory.buffer, pointer, sizeOf(shape)) as Float64Array;
  const [values, run] = [view(y), sizeOf(y.shape.slice(2))];
  view(bias).forEach((value, o, { length }) => {
    if (activation === "relu" && value < 0) return;
    for (let i = o * run; i < values.length; i += length * run) values.fill(value, i, i + run);
  });
}

/** `y = x * w + bias`. */
export function conv(
  engine: Engine,
  inputs: readonly CpuOperand[],
  outputs: readonly CpuOperand[],
  attrs: Attrs["conv"],
): void {
  withOperands(engine, inputs, outputs, [true, false], (_, [x, w, bias], y) => {
    if (!hasTerms(convGeometry(x.shape, w.shape, y.shape, attrs))) return biasAlone(engine, y, attrs, bias);
    if (convFullKernel(engine, "output", x, w, y, attrs, bias)) return;
    if (convByTiles(engine, x, w, y, attrs, bias)) return;
    if (convForward(engine, x, w, y, attrs, bias)) return;
    convIm2col(engine, "output", x, w, y, attrs, bias);
  });
}

/** The input gradient, which is also the forward pass of a transposed convolution. */
export function convInputGrad(
  engine: Engine,
  inputs: readonly CpuOperand[],
  outputs: readonly CpuOperand[],
  attrs: Attrs["convInputGrad"],
): void {
  withOperands(engine, inputs, outputs, [false, false], (_, [g, w], x) => {
    if (!hasTerms(convGeometry(x.shape, w.shape, g.shape, attrs))) return zero(engine, x);
    if (convFullKernel(engine, "input", x, w, g, attrs)) return;
    if (convGradByTiles(engine, x, w, g, attrs)) return;
    if (convBackward(engine, x, w, g, attrs)) return;
    if (convGradOfInput(engine, x, w, g, attrs)) return;
    convIm2col(engine, "input", x, w, g, attrs);
  });
}

/** The weight gradient. */
export function convWeightGrad(
  engine: Engine,
  inputs: readonly CpuOperand[],
  outputs: readonly CpuOperand[],
  attrs: Attrs["convWeightGrad"],
): void {
  withOperands(engine, inputs, outputs, [false, true], (_, [g, x], w) => {
    if (!hasTerms(convGeometry(x.shape, w.shape, g.shape, attrs))) return zero(engine, w);
    if (convFullKernel(engine, "weight", x, w, g, attrs)) return;
    if (convGradOfWeightByTiles(engine, x, w, g, attrs)) return;
    convGradOfWeight(engine, x, w, g, attrs);
  });
}
