/** Prints tensors as PyTorch does: four decimals, aligned columns, large tensors abbreviated. */
import { apply } from "../engine/apply.ts";
import { isFloat } from "../dtype.ts";
import { showShape } from "../shape.ts";
import type { NestedArray } from "./core.ts";
import type { Tensor } from "./tensor.ts";

const threshold = 1000;
const edge = 3;
const lineWidth = 80;

type Format = (value: number | bigint | boolean) => string;

/** `toFixed` with ties to even, as in Python. A tie at four decimals is an odd multiple of 1/32. */
function fixed(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude * 32 % 2 === 1) {
    const down = Math.floor(magnitude * 1e4);
    return `${value < 0 ? "-" : ""}${((down % 2 === 0 ? down : down + 1) / 1e4).toFixed(4)}`;
  }
  return Object.is(value, -0) ? "-0.0000" : value.toFixed(4);
}

/** `toExponential` with the sign of −0 and with ties to even, as in Python. */
function scientific(value: number): string {
  const [exact, exponent] = value.toExponential(20).split("e") as [string, string];
  const tie = /^-?\d\.\d{3}[02468]50*$/.test(exact);
  const text = tie ? `${exact.slice(0, -16)}e${exponent}` : value.toExponential(4);
  return `${Object.is(value, -0) ? "-" : ""}${text.replace(/e([+-])(\d)$/, "e$10$2")}`;
}

function special(value: number): string | null {
  return Number.isNaN(value) ? "nan" : value === Infinity ? "inf" : value === -Infinity ? "-inf" : null;
}

/** The format of all printed floats: integers with a point, four decimals, or scientific notation. */
function floatFormat(values: readonly number[]): (value: number) => string {
  const sizes = values.filter((v) => Number.isFinite(v) && v !== 0).map(Math.abs);
  if (sizes.length === 0) return (v) => special(v) ?? (Object.is(v, -0) ? "-0." : "0.");
  const largest = sizes.reduce((a, b) => Math.max(a, b));
  const smallest = sizes.reduce((a, b) => Math.min(a, b));
  const whole = sizes.every((v) => Number.isInteger(v));
  if (largest / smallest > 1000 || largest > 1e8 || (!whole && smallest < 1e-4)) {
    return (v) => special(v) ?? scientific(v);
  }
  return whole ? (v) => special(v) ?? `${Object.is(v, -0) ? "-0" : v.toFixed(0)}.` : (v) => special(v) ?? fixed(v);
}

/** The corners of a large tensor: only the printed elements are read. The corners are views until they are joined. */
function corners(tensor: Tensor): NestedArray {
  const made = [tensor.detach()];
  const cornersFrom = (x: Tensor, dim: number): Tensor => {
    if (dim === x.ndim) return x;
    const size = x.shape[dim]!;
    if (size <= 2 * edge) return cornersFrom(x, dim + 1);
    const ends = [0, size - edge].map((start) => {
      const part = x.narrow(dim, start, edge);
      made.push(part);
      return cornersFrom(part, dim + 1);
    });
    const joined = apply("cat", ends, { dim });
    made.push(joined);
    return joined;
  };
  try {
    return cornersFrom(made[0]!, 0).toArray();
  } finally {
    for (const part of made) part.dispose();
  }
}

function layout(
  data: NestedArray,
  sizes: readonly number[],
  indent: number,
  short: boolean,
  format: Format,
  width: number,
): string {
  if (!Array.isArray(data)) return format(data as number);
  const cut = short && sizes[0]! > 2 * edge;
  if (sizes.length > 1) {
    const rows = data.map((row) => layout(row, sizes.slice(1), indent + 1, short, format, width));
    if (cut) rows.splice(edge, 0, "...");
    return `[${rows.join(`,${"\n".repeat(sizes.length - 1)}${" ".repeat(indent + 1)}`)}]`;
  }
  const items = data.map((value) => format(value as number));
  if (cut) items.splice(edge, 0, " ...");
  const perLine = Math.max(1, Math.floor((lineWidth - indent) / (width + 2)));
  const lines: string[] = [];
  for (let i = 0; i < items.length; i += perLine) lines.push(items.slice(i, i + perLine).join(", "));
  return `[${lines.join(`,\n${" ".repeat(indent + 1)}`)}]`;
}

function leaves(data: NestedArray): number[] {
  return Array.isArray(data) ? data.flatMap(leaves) : [data as number];
}

/** The most dimensions whose elements are printed. For a tensor with more, only the size is printed. */
const mostDims = 256;

/** The result of `String(tensor)`. */
export function formatTensor(tensor: Tensor): string {
  if (tensor.isDisposed) return `tensor(<freed>, shape=${showShape(tensor.shape)}, dtype=${tensor.dtype})`;
  const { dtype, shape } = tensor;
  const suffixes: string[] = [];
  const usual = dtype === "float32" || dtype === "int64" || dtype === "bool";
  let body: string;
  if (tensor.numel === 0) {
    body = "[]";
    if (shape.length !== 1) suffixes.push(`size=(${shape.join(", ")})`);
    if (dtype !== "float32") suffixes.push(`dtype=${dtype}`);
  } else if (shape.length > mostDims) {
    body = "...";
    suffixes.push(`size=(${shape.slice(0, edge).join(", ")}, ... ${shape.length} dimensions)`);
    if (!usual) suffixes.push(`dtype=${dtype}`);
  } else {
    const short = tensor.numel > threshold;
    const data = short ? corners(tensor) : tensor.toArray();
    const flat = leaves(data);
    const text: Format = isFloat(dtype)
      ? floatFormat(flat) as Format
      : dtype === "bool"
      ? (v) => v ? "True" : "False"
      : String;
    // As in PyTorch, zeros, NaN and infinities do not affect the width of a column of floats.
    const counted = isFloat(dtype) ? flat.filter((v) => Number.isFinite(v) && v !== 0) : flat;
    const width = counted.reduce((n, v) => Math.max(n, text(v).length), 1);
    body = layout(data, shape, "tensor(".length, short, (v) => text(v).padStart(width), width);
    if (!usual) suffixes.push(`dtype=${dtype}`);
  }
  if (tensor.device.name !== "reference" && tensor.device.name !== "cpu") {
    suffixes.unshift(`device='${tensor.device.name}'`);
  }
  if (tensor.gradFn !== null) suffixes.push(`gradFn=<${tensor.gradFn.name}>`);
  else if (tensor.requiresGrad) suffixes.push("requiresGrad=true");
  return wrapped(`tensor(${body}`, suffixes);
}

/** Appends suffixes to the last line while they fit. */
function wrapped(text: string, suffixes: readonly string[]): string {
  let result = text;
  let room = lineWidth - (text.length - (text.lastIndexOf("\n") + 1));
  for (const suffix of suffixes) {
    if (room - suffix.length - 2 < 1) {
      result += `,\n${" ".repeat("tensor(".length)}${suffix}`;
      room = lineWidth - "tensor(".length - suffix.length;
    } else {
      result += `, ${suffix}`;
      room -= suffix.length + 2;
    }
  }
  return `${result})`;
}
