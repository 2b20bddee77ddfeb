/** Traces of a model: its operations, recorded for inputs of several sizes and merged into one list of steps. */
import type { DType, Tensor } from "@heddle/tensor";
import {
  type RecordedStep,
  Recording,
  showShape,
  type StepAttrs,
  type StepPrim,
  type Value,
} from "@heddle/tensor/engine";
import { Differs, merge, type Merged, type Size, varies, Varying } from "./sizes.ts";

/** A value in the merged traces. */
export interface TracedValue {
  readonly dtype: DType;
  readonly shape: readonly Size[];
  /** The step that computes it; null for inputs and constants. */
  readonly origin: TracedStep | null;
  /** Whether the graph computes it; else it is a constant, which `tensor` holds. */
  readonly dynamic: boolean;
  readonly tensor: Tensor | null;
  /** How a constant that differs between traces follows from sizes. */
  readonly source: SizedConstant | null;
}

/** A constant that depends on sizes: one number throughout, a triangular mask, evenly spaced numbers, or some sizes. */
export type SizedConstant =
  | { readonly kind: "uniform"; readonly element: number }
  | Triangle
  | { readonly kind: "range"; readonly start: Size; readonly step: Size; readonly count: Size }
  | { readonly kind: "sizes"; readonly elements: readonly Size[] }
  | { readonly kind: "unknown" };

/** Matrices with one number up to a diagonal and another above it, as causal masks are. */
export interface Triangle {
  readonly kind: "triangle";
  readonly below: number;
  readonly above: number;
  /** The last column less the row that has the number below. */
  readonly diagonal: number;
}

/** A step of one kind in the merged traces. */
export interface TracedStepOf<P extends StepPrim> {
  readonly prim: P;
  readonly inputs: readonly (TracedValue | null)[];
  readonly attrs: Merged<StepAttrs[P]>;
  readonly outputs: readonly TracedValue[];
}

/** A step in the merged traces. */
export type TracedStep = { readonly [P in StepPrim]: TracedStepOf<P> }[StepPrim];

/** The merged traces. */
export interface Trace {
  readonly inputs: readonly TracedValue[];
  readonly outputs: readonly TracedValue[];
  readonly steps: readonly TracedStep[];
}

/** One run of a model. */
export interface Run {
  readonly recording: Recording;
  readonly outputs: readonly Value[];
}

/** The name of an operation, for errors. */
export function nameOf({ prim, attrs }: Pick<RecordedStep | TracedStep, "prim" | "attrs">): string {
  return "name" in attrs ? attrs.name : prim;
}

/** A step with the shapes of its inputs; of its outputs, if it has no inputs. */
function shown(step: RecordedStep | undefined): string {
  if (step === undefined) return "nothing";
  const inputs = step.inputs.filter((input) => input !== null);
  const shapes = (inputs.length > 0 ? inputs : step.outputs).map(({ shape }) => showShape(shape));
  return `"${nameOf(step)}" of ${shapes.join(", ")}`;
}

/**
 * Merges the runs of a model with inputs of different sizes.
 *
 * @throws Error that names the first operation at which the runs part.
 */
export async function mergeRuns(runs: readonly Run[]): Promise<Trace> {
  const traced: Map<Value, TracedValue> = new Map();
  const recordings = runs.map(({ recording }) => recording);
  /** What corresponds to a value of the first run in the others. */
  const counterparts: Map<Value, readonly Value[]> = new Map();

  const leaf = async (values: readonly Value[], input: boolean): Promise<TracedValue> => {
    const { dtype, tensor } = values[0]!;
    const shape = merge(values.map((value) => value.shape)) as readonly Size[];
    const source = input ? null : await sizedConstant(values, shape);
    return { dtype, shape, origin: null, dynamic: input || source !== null, tensor, source };
  };
  const valueOf = async (values: readonly Value[], input = false): Promise<TracedValue> => {
    const [first] = values as readonly [Value];
    const known = traced.get(first);
    if (known !== undefined) {
      if (counterparts.get(first)!.some((value, i) => value !== values[i])) throw new Differs();
      return known;
    }
    if (values.some(({ origin }) => origin !== null)) throw new Differs();
    const made = await leaf(values, input);
    traced.set(first, made);
    counterparts.set(first, values);
    return made;
  };
  const stepOf = async (parts: readonly RecordedStep[]): Promise<TracedStep> => {
    const [first] = parts as readonly [RecordedStep];
    if (parts.some(({ prim }) => prim !== first.prim)) throw new Differs();
    const attrs = merge<object>(parts.map((part) => part.attrs));
    const inputs: (TracedValue | null)[] = [];
    for (const [i, input] of first.inputs.entries()) {
      const same = parts.map((part) => part.inputs[i]);
      if (same.some((value) => (value === null) !== (input === null))) throw new Differs();
      inputs.push(input === null ? null : await valueOf(same as Value[]));
    }
    const outputs: TracedValue[] = [];
    const step = { prim: first.prim, inputs, attrs, outputs } as unknown as TracedStep;
    const shapes = first.outputs.map((_, i) => merge(parts.map((part) => part.outputs[i]!.shape)) as readonly Size[]);
    const dynamic = first.outputs.some(({ live }) => live) || inputs.some((input) => input?.dynamic) || varies(attrs) ||
      varies(shapes);
    first.outputs.forEach((value, i) => {
      const { dtype, tensor } = value;
      const made = { dtype, shape: shapes[i]!, origin: step, dynamic, tensor, source: null };
      traced.set(value, made);
      counterparts.set(value, parts.map((part) => part.outputs[i]!));
      outputs.push(made);
    });
    return step;
  };

  const inputs: TracedValue[] = [];
  for (const i of recordings[0]!.inputs.keys()) {
    inputs.push(await valueOf(recordings.map((recording) => recording.inputs[i]!), true));
  }
  const steps: TracedStep[] = [];
  const count = Math.max(...recordings.map((recording) => recording.steps.length));
  for (let i = 0; i < count; i++) {
    const parts = recordings.map((recording) => recording.steps[i]);
    try {
      if (parts.includes(undefined)) throw new Differs();
      steps.push(await stepOf(parts as RecordedStep[]));
    } catch (error) {
      if (!(error instanceof Differs)) throw error;
      const others = parts.slice(1).map(shown).find((text) => text !== shown(parts[0])) ??
        "the same with other operands or options";
      throw new Error(
        `exportOnnx: the model runs other operations for inputs of other sizes, so that one graph cannot stand for it: operation ${i} is ` +
          `${
            shown(parts[0])
          }, then ${others}; leave out the dynamic axis that decides this, or write the model without loops over it`,
      );
    }
  }
  const outputs: TracedValue[] = [];
  for (const i of runs[0]!.outputs.keys()) outputs.push(await valueOf(runs.map((run) => run.outputs[i]!)));
  return { inputs, outputs, steps };
}

/** The largest constant whose elements are taken for sizes. */
const mostSizes = 8;

/** Whether a number of any dtype is the element itself: elements of int64 may be rounded. */
const isExact = (x: number): boolean => !Number.isInteger(x) || Number.isSafeInteger(x);

/** The triangle that the last two dimensions are in all traces; null for others. */
function triangleIn(lists: readonly (readonly number[])[], shapes: readonly (readonly number[])[]): Triangle | null {
  const [list, shape] = [lists[0]!, shapes[0]!];
  const [rows, columns] = [shape.at(-2) ?? 0, shape.at(-1) ?? 0];
  if (rows === 0 || columns === 0) return null;
  const [below, above] = [list[(rows - 1) * columns]!, list[columns - 1]!];
  if (Object.is(below, above) || !isExact(below) || !isExact(above)) return null;
  const inFirstRow = list.slice(0, columns).lastIndexOf(below);
  const diagonal = inFirstRow < 0
    ? -Array.from({ length: rows }, (_, i) => list[i * columns]!).indexOf(below)
    : inFirstRow;
  const fits = lists.every((list, run) => {
    const [rows, columns] = [shapes[run]!.at(-2)!, shapes[run]!.at(-1)!];
    return list.every((x, i) => Object.is(x, i % columns - Math.floor(i / columns) % rows <= diagonal ? below : above));
  });
  return fits ? { kind: "triangle", below, above, diagonal } : null;
}

/** How a constant depends on sizes; null for one that does not. */
async function sizedConstant(values: readonly Value[], shape: readonly Size[]): Promise<SizedConstant | null> {
  const tensors = values.map(({ tensor }) => tensor!);
  const first = tensors[0]!;
  if (tensors.every((tensor) => tensor.storage === first.storage && tensor.offset === first.offset)) return null;
  const lists = await Promise.all(tensors.map(async (tensor) => Array.from(await tensor.data(), Number)));
  if (!varies(shape)) {
    const elements = merge(lists) as readonly Size[];
    if (!varies(elements)) return null;
    return elements.length <= mostSizes ? { kind: "sizes", elements } : { kind: "unknown" };
  }
  const element = lists[0]![0] ?? NaN;
  if (isExact(element) && lists.every((list) => list.every((x) => Object.is(x, element)))) {
    return { kind: "uniform", element };
  }
  const triangle = triangleIn(lists, tensors.map((tensor) => tensor.shape));
  if (triangle !== null && varies(shape.at(-1)) && varies(shape.at(-2))) return triangle;
  const steps = lists.map((list) => list.length > 1 ? list[1]! - list[0]! : null);
  const step = steps.find((step) => step !== null) ?? 1;
  const even = shape.length === 1 && lists.every((list) => list.every((x, i) => x === list[0]! + i * step));
  if (!even) return { kind: "unknown" };
  const start = merge(lists.map((list) => list[0] ?? 0)) as Size;
  return { kind: "range", start, step, count: shape[0]! };
}

/** Whether a size varies. */
export const isVarying = (size: Size): size is Varying => size instanceof Varying;
