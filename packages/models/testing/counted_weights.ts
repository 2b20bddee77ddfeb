/** The weights of the recordings, as tools/oracle/counted_weights.py computes them. */
import { noGrad } from "@heddle/autograd";
import type { Module } from "@heddle/nn";
import { fromTypedArray, isFloat, type Tensor, tidy } from "@heddle/tensor";

/** FNV-1a, 32 bits. */
function nameHash(name: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) value = Math.imul(value ^ byte, 0x01000193);
  return value;
}

/** scale · u + shift for numbers u in [-1, 1). */
function draw(name: string, count: number, scale = 1, shift = 0): Float64Array {
  const start = nameHash(name);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let x = Math.imul(i, 0x9e3779b1) + start | 0;
    x = Math.imul(x ^ x >>> 16, 0x85ebca6b);
    x = Math.imul(x ^ x >>> 13, 0xc2b2ae35);
    values[i] = (((x ^ x >>> 16) >>> 0) / 2 ** 31 - 1) * scale + shift;
  }
  return values;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Float64 numbers in [-1, 1) by name. */
export function uniform(name: string, shape: readonly number[]): Tensor {
  return fromTypedArray(draw(name, sizeOf(shape)), shape);
}

/** Weights by their fan in, scales and variances within 0.5 to 1.5, biases and means within ±0.1. */
function weight(name: string, shape: readonly number[]): Tensor {
  const [scale, shift] = shape.length > 1
    ? [Math.sqrt(6 / sizeOf(shape.slice(1))), 0]
    : name.endsWith("weight") || name.endsWith("running_var")
    ? [0.5, 1]
    : [0.1, 0];
  return fromTypedArray(draw(name, sizeOf(shape), scale, shift), shape);
}

/** Sets all parameters and buffers of a model by their names. */
export function fill<M extends Module>(model: M): M {
  noGrad(() =>
    tidy(() => {
      for (const [name, tensor] of Object.entries(model.stateDict())) {
        if (isFloat(tensor.dtype)) tensor.copy_(weight(name, tensor.shape));
      }
    })
  );
  return model;
}
