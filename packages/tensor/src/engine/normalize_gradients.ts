/**
 * Gradients of a normalisation over the last dimensions with a weight for each of their elements, in one pass: the input's, and sums
 * over the rows for those of weight and bias.
 */
import type { Access } from "../ir/kernel.ts";
import type { RowKernel } from "../ir/rows.ts";
import { tidy } from "../memory/scope.ts";
import { sizeOf } from "../shape.ts";
import { makeTensor } from "../tensor/core.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { apply } from "./apply.ts";
import { constant } from "./fill.ts";
import { allocate, prepare, run } from "./launch.ts";
import { programsOf } from "./program_cache.ts";
import { activeRecorder } from "./recorder.ts";
import { RowProgram } from "./row_program.ts";

/** The operands of the gradients of `normalize`, and how many of the input's last dimensions it is over. */
export interface NormalizeOperands {
  readonly gradient: Tensor;
  readonly x: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly weight: Tensor;
  readonly dims: readonly number[];
  readonly eps: number;
}

/** About how many elements a thread takes, and the bounds of the number of rows. */
const [groupElements, fewestRows, mostRows] = [65536, 16, 256];

/** The number of rows that one thread sums: a divisor of their number, whatever the number of threads; null if none fits. */
function rowsTogether(rows: number, length: number): number | null {
  const wanted = Math.min(Math.max(Math.ceil(groupElements / length), fewestRows), mostRows);
  if (rows <= wanted) return rows;
  for (let n = wanted; n >= fewestRows; n--) if (rows % n === 0) return n;
  return null;
}

/** Whether the dimensions are the last ones, and the weight has their shape. */
function isOverLast({ x, weight, dims }: NormalizeOperands): boolean {
  const first = x.ndim - dims.length;
  return weight.ndim === dims.length && dims.every((d) => d >= first) &&
    weight.shape.every((size, d) => size === x.shape[first + d]);
}

/** Programs by the length of rows, eps and dtype. */
const programs: Map<string, RowProgram> = new Map();

function programOf({ x: { dtype }, eps }: NormalizeOperands, length: number): RowProgram {
  const key = `${length} ${eps} ${dtype}`;
  const known = programs.get(key);
  if (known !== undefined) return known;
  if (programs.size > 1000) programs.clear(); // for programs with many different row lengths
  const p = new RowProgram();
  const [g, x] = [p.input(0, dtype), p.input(1, dtype)];
  const [mean, variance, weight] = [p.input(2, dtype), p.input(3, dtype), p.input(4, dtype)];
  const scale = p.value(variance.add(eps).rsqrt());
  const unit = x.sub(mean).mul(scale);
  const scaled = g.mul(weight);
  const [sum, along] = p.sum(scaled, scaled.mul(unit));
  const [a, b] = [p.value(sum!.div(length)), p.value(along!.div(length))];
  p.writeAll(
    [0, scaled.sub(a).sub(unit.mul(b)).mul(scale)],
    [1, p.before(1, dtype).add(unit.mul(g))],
    [2, p.before(2, dtype).add(g)],
  );
  programs.set(key, p);
  return p;
}

/** The kernel over groups of rows of a length. */
function workOf(operands: NormalizeOperands, groups: number, rows: number, length: number): RowKernel {
  const { sources, steps } = programOf(operands, length);
  const access = (...strides: number[]): Access => ({ dtype: operands.x.dtype, strides });
  const whole = access(rows * length, length, 1);
  const ofRow = access(rows, 1, 0);
  const sum = access(length, 0, 1);
  return {
    kind: "rows",
    shape: [groups, rows, length],
    inner: 1,
    inputs: [whole, whole, ofRow, ofRow, access(0, 0, 1)],
    outputs: [whole, sum, sum],
    sources,
    steps,
    inOrder: rows,
  };
}

/**
 * The gradients of the input, the weight and the bias.
 *
 * @returns null if the device or the operands do not suit; other kernels compute them then.
 */
export function normalizeGradients(operands: NormalizeOperands): readonly [Tensor, Tensor, Tensor] | null {
  const { gradient, x, mean, variance, weight } = operands;
  const { device, dtype, shape, numel } = x;
  const { backend } = device;
  const inputs = [gradient, x, mean, variance, weight];
  if (
    activeRecorder() !== null || backend.sumsRows !== true || backend.rows?.(dtype) !== true || numel === 0 ||
    !isOverLast(operands)
  ) return null;
  if (!inputs.every((input) => input.dtype === dtype && input.isContiguous())) return null;
  const length = sizeOf(weight.shape);
  const rows = rowsTogether(numel / length, length);
  if (rows === null) return null;
  const groups = numel / length / rows;
  return tidy(() => {
    const ofInput = allocate("normalizeGrad", device, dtype, shape);
    const sums = constant("normalizeGrad", 0, dtype, device, [2, groups, length]);
    const half = (of: Tensor, part: number, shape: readonly number[], strides: readonly number[]): Tensor =>
      makeTensor(of.storage, dtype, { shape, strides, offset: part * (of.numel / 2) });
    const targets = [ofInput, ...[0, 1].map((part) => half(sums, part, [groups, length], [length, 1]))];
    const programs = programsOf(backend);
    programs.begin("rows", inputs.length);
    programs.addText("normalizeGrad in groups");
    programs.addNumber(operands.eps);
    programs.addNumber(length);
    for (const input of inputs) programs.addOperand(input);
    const launch = programs.find() ?? programs.keep(
      programs.takeKey(),
      prepare(
        "normalizeGrad",
        device,
        workOf(operands, groups, rows, length),
        [...inputs, ...targets],
        [],
        programOf(operands, length).scalars,
      ),
    );
    run("normalizeGrad", device, launch, inputs, targets, launch.scalars);
    const totals = groups === 1 ? sums : apply("sum", [sums], { dims: [1], keepdim: false });
    const { strides } = weight;
    return [ofInput, half(totals, 0, weight.shape, strides), half(totals, 1, weight.shape, strides)];
  });
}
