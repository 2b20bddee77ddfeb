/** Quantised operators, as plain arithmetic: integers become floats, and back. */
import { type Tensor } from "@heddle/tensor";
import { dtypeOf } from "../tensor_proto.ts";
import type { Call } from "./call.ts";
import { convolve } from "./convolution.ts";
import { int, type Operator, type Operators } from "./operator.ts";
import { Outputs } from "./value.ts";
import { windowAttributes } from "./windows.ts";

/** A scale or zero point for an axis, or for blocks along it. */
function along(c: Call, value: Tensor, x: Tensor, axis: number, block: number): Tensor {
  if (value.numel === 1 && value.ndim <= 1) return value.reshape([]);
  const d = c.axis(axis, x.ndim);
  if (block > 0) return value.repeatInterleave(block, d).narrow(d, 0, x.shape[d]!);
  return value.reshape(Array.from({ length: x.ndim }, (_, e) => e === d ? -1 : 1));
}

/** The range of the integers of a dtype. */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  int32: [-(2 ** 31), 2 ** 31 - 1],
};

/** Rounds half to even and saturates. */
function saturated(c: Call, x: Tensor, dtype: Tensor["dtype"]): Tensor {
  const range = ranges[dtype] ?? c.fail(`values are not quantised to ${dtype}`);
  return x.round().clamp({ min: range[0], max: range[1] }).to(dtype);
}

function quantize(c: Call): Tensor {
  const x = c.tensor(0);
  const axis = c.hasAttribute("axis") ? c.num("axis") : 1;
  const block = c.hasAttribute("block_size") ? c.num("block_size") : 0;
  const scale = along(c, c.tensor(1), x, axis, block);
  const zero = c.has(2) ? c.tensor(2) : null;
  const type = c.hasAttribute("output_dtype") ? c.num("output_dtype") : 0;
  const dtype = zero?.dtype ?? (type === 0 ? "uint8" : dtypeOf(type)!);
  const scaled = x.to("float32").div(scale).round();
  return saturated(c, zero === null ? scaled : scaled.add(along(c, zero, x, axis, block).to("float32")), dtype);
}

function dequantize(c: Call): Tensor {
  const x = c.tensor(0);
  const axis = c.hasAttribute("axis") ? c.num("axis") : 1;
  const block = c.hasAttribute("block_size") ? c.num("block_size") : 0;
  const scale = along(c, c.tensor(1), x, axis, block);
  const wide = x.to(scale.dtype);
  return (c.has(2) ? wide.sub(along(c, c.tensor(2), x, axis, block).to(scale.dtype)) : wide).mul(scale);
}

/** To uint8, by the range of the values with zero. */
function dynamicQuantize(c: Call): Outputs {
  const x = c.tensor(0);
  const [low, high] = [x.amin().clamp({ max: 0 }), x.amax().clamp({ min: 0 })];
  const scale = high.sub(low).div(255);
  const zero = saturated(c, low.neg().div(scale), "uint8");
  return new Outputs([saturated(c, x.div(scale).round().add(zero.to("float32")), "uint8"), scale, zero]);
}

/** An integer input less its zero point, as floats, in which products of 8-bit integers are exact up to 256 of them in each sum. */
function centred(c: Call, i: number, zero: number, wide: Tensor["dtype"], column: boolean): Tensor {
  const x = c.tensor(i).to(wide);
  if (!c.has(zero)) return x;
  const point = c.tensor(zero).to(wide);
  return x.sub(column && point.ndim === 1 && point.numel > 1 ? point.unsqueeze(-1) : point);
}

/** float64 where the device has it: sums of products of 8-bit integers are then exact. */
const wideOf = (c: Call): Tensor["dtype"] => c.tensor(0).device.backend.supports("float64") ? "float64" : "float32";

function perChannel(point: Tensor, ndim: number): Tensor {
  return point.numel === 1 ? point.reshape([]) : point.reshape([-1, ...Array<number>(ndim - 1).fill(1)]);
}

function convInteger(c: Call): Tensor {
  const wide = wideOf(c);
  const x = centred(c, 0, 2, wide, false);
  const weight = c.tensor(1).to(wide);
  return convolve(c, x, c.has(3) ? weight.sub(perChannel(c.tensor(3).to(wide), weight.ndim)) : weight, null).to(
    "int32",
  );
}

/** The product of dequantised inputs, quantised again. */
function requantized(c: Call, product: Tensor, scale: Tensor, outScale: number, outZero: number): Tensor {
  const zero = c.tensor(outZero);
  const y = product.to("float32").mul(scale).div(c.tensor(outScale)).round();
  return saturated(c, y.add(zero.to("float32")), zero.dtype);
}

function qLinearConv(c: Call): Tensor {
  const wide = wideOf(c);
  const x = c.tensor(0).to(wide).sub(c.tensor(2).to(wide));
  const weight = c.tensor(3).to(wide);
  const centredWeight = weight.sub(perChannel(c.tensor(5).to(wide), weight.ndim));
  const bias = c.has(8) ? c.tensor(8).to(wide) : null;
  const product = convolve(c, x, centredWeight, bias);
  const scales = c.tensor(1).mul(c.tensor(4));
  const scale = scales.numel === 1 ? scales.reshape([]) : scales.reshape([1, -1, ...Array<number>(x.ndim - 2).fill(1)]);
  return requantized(c, product, scale, 6, 7);
}

function qLinearMatMul(c: Call): Tensor {
  const wide = wideOf(c);
  const [a, b] = [centred(c, 0, 2, wide, true), centred(c, 3, 5, wide, false)];
  const left = c.tensor(1);
  const scale = (left.ndim === 1 && left.numel > 1 ? left.unsqueeze(-1) : left).mul(c.tensor(4));
  return requantized(c, a.matmul(b), scale, 6, 7);
}

const axis = { axis: int(1) };
const three = { inputs: [2, 3] } as const satisfies Partial<Operator>;
const conv = { ...windowAttributes, group: int(1) };

/** The quantised operators. */
export const quantized: Operators = {
  QuantizeLinear: {
    10: { ...three, run: quantize },
    13: { ...three, attributes: axis, run: quantize },
    19: { ...three, attributes: { ...axis, saturate: int(1) }, run: quantize },
    21: {
      ...three,
      attributes: { ...axis, saturate: int(1), block_size: int(0), output_dtype: int(0) },
      run: quantize,
    },
  },
  DequantizeLinear: {
    10: { ...three, run: dequantize },
    13: { ...three, attributes: axis, run: dequantize },
    21: { ...three, attributes: { ...axis, block_size: int(0) }, run: dequantize },
  },
  DynamicQuantizeLinear: { 11: { inputs: [1, 1], outputs: 3, run: dynamicQuantize } },
  MatMulInteger: {
    10: {
      inputs: [2, 4],
      run(c) {
        const wide = wideOf(c);
        return centred(c, 0, 2, wide, true).matmul(centred(c, 1, 3, wide, false)).to("int32");
      },
    },
  },
  ConvInteger: { 10: { inputs: [2, 4], attributes: conv, run: convInteger } },
  QLinearConv: { 10: { inputs: [8, 9], attributes: conv, run: qLinearConv } },
  QLinearMatMul: { 10: { inputs: [8, 8], run: qLinearMatMul } },
};
