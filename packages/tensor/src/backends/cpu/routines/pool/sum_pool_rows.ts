/** Generated code for rows of sum-pooling and its gradient. */
import type { FunctionBuilder } from "../../../../code/module.ts";
import { type Code, f32, f32x, f64, f64x, get, i32, type Local, memory, op, set, when } from "../../../../code/tree.ts";
import { add, type Element, storeLane, zeros } from "../element.ts";
import { advance, range, times } from "../loops.ts";
import { picked, type Rows, type Span, spanOf, sumRows } from "./window_rows.ts";

/** The geometry that the code is specialised for. */
export interface SumPoolShape {
  readonly kind: "f32" | "f64";
  readonly of: "sums" | "gradient";
  /** Columns. */
  readonly kernel: number;
  readonly stride: number;
  readonly scale: number;
  /** The number of rows whose sum is unrolled. */
  readonly rows: number;
  /** The columns of padding modulo the stride: the position in a stride at which a gradient's row begins. */
  readonly phase: number;
  /** Whether columns are read from `x` directly: if windows overlap neither the edges nor (for a gradient) each other. */
  readonly direct: boolean;
  /** The columns of `y` after the whole blocks. */
  readonly rest: number;
  /** Whether the rest is computed by a whole block that ends with the row. */
  readonly moveBack: boolean;
  /** The columns of `x` after whole vectors, and whether a row has a whole vector. */
  readonly xRest: number;
  readonly xWhole: boolean;
}

/** The largest kernel and stride for which blocks of vectors are unrolled. */
export const mostColumns = 16;

/** The lanes that a block reads and writes: a vector of windows. */
interface Block {
  readonly span: number;
  /** The number of columns of `y`. */
  readonly columns: number;
  /** The elements of `x` from a block to the next. */
  readonly step: number;
  /** For each vector of `y`, the indices in the span that are summed. */
  readonly terms: readonly (readonly (readonly (number | null)[])[])[];
}

/** The number of windows beyond the first that can contain an element, along a row. */
export const overlap = (kernel: number, stride: number): number => Math.ceil(kernel / stride) - 1;

/** The block of a geometry. */
export function blockOf({ kernel, stride, of, phase }: SumPoolShape, lanes: number): Block {
  const lane = Array.from({ length: lanes }, (_, i) => i);
  if (of === "sums") {
    const terms = Array.from({ length: kernel }, (_, k) => lane.map((i) => i * stride + k));
    return { span: (lanes - 1) * stride + kernel, columns: lanes, step: lanes * stride, terms: [terms] };
  }
  // Column e of a block belongs to the windows that begin a whole number of strides before it, within the kernel's reach.
  const before = overlap(kernel, stride);
  const terms = Array.from(
    { length: stride },
    (_, vector) =>
      Array.from({ length: before + 1 }, (_, m) =>
        lane.map((i) => {
          const e = vector * lanes + i + phase;
          return e % stride + m * stride < kernel ? Math.floor(e / stride) - m + before : null;
        })),
  );
  return { span: before + lanes + (phase > 0 ? 1 : 0), columns: lanes * stride, step: lanes, terms };
}

function scaled(e: Element, scale: number, value: Code): Code {
  if (scale === 1) return value;
  return e.kind === "f32" ? op("f32x.mul", value, f32x(scale)) : op("f64x.mul", value, f64x(scale));
}

/** Writes `count` columns of `y` from a span. */
function writeBlock(
  e: Element,
  shape: SumPoolShape,
  block: Block,
  span: Span,
  y: Local,
  vector: Local,
  count: number,
): Code {
  return Array.from({ length: Math.ceil(count / e.lanes) }, (_, j) => {
    const terms = block.terms[j]!.filter((numbers) => numbers.some((n) => n !== null));
    const sum = terms.map((numbers) => picked(e, span, numbers)).reduce<Code>(
      (a, b) => a === zeros ? b : add(e, a, b),
      zeros,
    );
    const value = scaled(e, shape.scale, sum);
    const at = j * e.lanes * e.bytes;
    const lanes = Math.min(count - j * e.lanes, e.lanes);
    if (lanes === e.lanes) return memory("vector.store", at, get(y), value);
    return [
      set(vector, value),
      Array.from({ length: lanes }, (_, lane) => storeLane(e, at + lane * e.bytes, lane, get(y), get(vector))),
    ];
  });
}

/** Writes a row of `y`. `from` is the address that its first block reads, `y` the target. Both are advanced. */
export function writeRow(
  f: FunctionBuilder,
  e: Element,
  shape: SumPoolShape,
  blocks: Code,
  from: Local,
  y: Local,
  rows: Rows,
): Code {
  const block = blockOf(shape, e.lanes);
  const span = spanOf(f, e, block.span);
  const [left, vector] = [f.local("i32"), f.local("vector")];
  const read: Code = shape.direct
    ? sumRows(f, e, span, { ...rows, at: from })
    : span.vectors.map((v, i) => set(v, memory("vector.load", span.starts[i]! * e.bytes, get(from))));
  const rest: Code = shape.rest === 0 ? [] : shape.moveBack
    ? [
      advance(from, (shape.rest - block.columns) * block.step / block.columns * e.bytes),
      advance(y, (shape.rest - block.columns) * e.bytes),
      read,
      writeBlock(e, shape, block, span, y, vector, block.columns),
    ]
    : [read, writeBlock(e, shape, block, span, y, vector, shape.rest)];
  return [
    set(left, blocks),
    times(
      left,
      read,
      writeBlock(e, shape, block, span, y, vector, block.columns),
      advance(from, block.step * e.bytes),
      advance(y, block.columns * e.bytes),
    ),
    rest,
  ];
}

/** Like {@link writeRow}, for kernels of many columns: reads the scratch row one element at a time. */
export function writeLongRow(
  f: FunctionBuilder,
  e: Element,
  shape: SumPoolShape,
  columns: Code,
  from: Local,
  y: Local,
): Code {
  const { kernel, stride, phase } = shape;
  const kind = shape.kind;
  const [left, taps, at] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const sum = f.local(kind);
  const [constant, product] = kind === "f32" ? [f32, "f32.mul" as const] : [f64, "f64.mul" as const];
  const sumOf = (...step: Code[]): Code => [
    set(sum, constant(0)),
    ...step,
    memory(`${kind}.store`, 0, get(y), op(product, get(sum), constant(shape.scale))),
    advance(y, e.bytes),
  ];
  const addOne = set(sum, op(`${kind}.add`, get(sum), memory(`${kind}.load`, 0, get(at))));
  if (shape.of === "sums") {
    return [
      set(left, columns),
      times(
        left,
        set(at, get(from)),
        sumOf(set(taps, i32(kernel)), times(taps, addOne, advance(at, e.bytes))),
        advance(from, stride * e.bytes),
      ),
    ];
  }
  const place = f.local("i32");
  return [
    set(left, columns),
    set(place, i32(phase)),
    advance(from, overlap(kernel, stride) * e.bytes),
    times(
      left,
      set(at, get(from)),
      sumOf(range(taps, get(place), i32(kernel), stride, addOne, advance(at, -e.bytes))),
      advance(place, 1),
      when(op("i32.eq", get(place), i32(stride)), [set(place, i32(0)), advance(from, e.bytes)]),
    ),
  ];
}

/** Writes the sum of rows of `x` to the scratch row. `from` is advanced. */
export function gatherRows(
  f: FunctionBuilder,
  e: Element,
  shape: SumPoolShape,
  vectors: Code,
  from: Local,
  to: Local,
  rows: Rows,
): Code {
  const span: Span = { vectors: [f.local("vector")], starts: [0] };
  const [left, sum] = [f.local("i32"), span.vectors[0]!];
  const whole = [sumRows(f, e, span, { ...rows, at: from }), memory("vector.store", 0, get(to), get(sum))];
  const back = (shape.xRest - e.lanes) * e.bytes;
  const one = [
    sumRows(f, e, span, { ...rows, at: from }, "element"),
    storeLane(e, 0, 0, get(to), get(sum)),
    advance(from, e.bytes),
    advance(to, e.bytes),
  ];
  return [
    set(left, vectors),
    times(left, whole, advance(from, 16), advance(to, 16)),
    shape.xRest === 0
      ? []
      : shape.xWhole
      ? [advance(from, back), advance(to, back), whole]
      : new Array<Code>(shape.xRest).fill(one),
  ];
}
