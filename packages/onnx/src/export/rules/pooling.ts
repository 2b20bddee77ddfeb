/** Pooling. */
import type { Emitter } from "../emitter.ts";
import { int, ints } from "../graph.ts";
import { combine, product, sameSize, type Size, Varying } from "../sizes.ts";
import type { TracedStepOf, TracedValue } from "../trace.ts";
import { varyingWindow, windowAttributes } from "./products.ts";

/** The rule of max-pooling. ONNX counts indices over the whole tensor, Heddle over a plane. */
export function translateMaxPool(e: Emitter, step: TracedStepOf<"maxPool">): readonly string[] {
  const { attrs } = step;
  const [x] = step.inputs as readonly [TracedValue];
  const [output] = step.outputs as readonly [TracedValue];
  const windows = windowAttributes(attrs, attrs.kernel);
  if (windows === null) return [e.refuse(varyingWindow), e.refuse(varyingWindow)];
  const exact = x.dtype.includes("float") ? null : x.dtype === "int32" || x.dtype === "int64" ? "float64" : "float32";
  if (x.dtype === "int64") return step.outputs.map(() => e.refuse('ONNX pools no int64; cast with .to("float32")'));
  const input = exact === null ? e.of(x) : e.cast(e.of(x), exact);
  // Runtimes differ in the windows that ceil_mode adds; padding makes them explicit, where it is known.
  const beyond = attrs.kernel.map((k, i): Size =>
    combine(
      (count, k, stride, dilation, size, padding) =>
        Math.max((count - 1) * stride + dilation * (k - 1) + 1 - size - 2 * padding, 0),
      output.shape[i + 2]!,
      k,
      attrs.stride[i]!,
      attrs.dilation[i]!,
      x.shape[i + 2]!,
      attrs.padding[i]!,
    )
  );
  const ends = attrs.padding.map((p, i) => combine((p, more) => p + more, p, beyond[i]!));
  const known = !ends.some((size) => size instanceof Varying);
  const pads = known ? ints([...attrs.padding, ...ends] as number[]) : windows.pads;
  const options = { ...windows, pads, ceil_mode: int(!known && attrs.ceilMode ? 1 : 0) };
  const values = e.node("MaxPool", [input], options);
  const [, places] = e.nodes_("MaxPool", [input], options, 2);
  const plane = e.scalar(product(x.shape.slice(2)), "int64");
  const indices = e.cast(e.node("Mod", [places!, plane]), "int32");
  return [exact === null ? values : e.cast(values, x.dtype), indices];
}

/** The rule of sums over windows: a mean times the window's size. */
export function translateSumPool(e: Emitter, step: TracedStepOf<"sumPool">): readonly string[] {
  const { attrs } = step;
  const { kernel, stride, padding, scale } = attrs;
  const [x] = step.inputs as readonly [TracedValue];
  const [output] = step.outputs as readonly [TracedValue];
  const dilation = kernel.map(() => 1);
  const windows = windowAttributes({ stride, padding, dilation }, kernel);
  if (windows === null) return [e.refuse(varyingWindow)];
  const { kernel_shape, strides, pads } = windows;
  // What the last windows reach beyond the padding, with ceilMode.
  const beyond = kernel.map((k, i): Size =>
    combine(
      (count, k, stride, size, padding) => Math.max((count - 1) * stride + k - size - 2 * padding, 0),
      output.shape[i + 2]!,
      k,
      stride[i]!,
      x.shape[i + 2]!,
      padding[i]!,
    )
  );
  const whole = beyond.every((size) => sameSize(size, 0));
  const padded = whole ? e.of(x) : e.node("Pad", [
    e.of(x),
    e.sizes([0, 0, ...padding, 0, 0, ...padding.map((p, i) => combine((p, more) => p + more, p, beyond[i]!))]),
    e.numbers([0], x.dtype),
  ]);
  const mean = e.node("AveragePool", [padded], {
    kernel_shape,
    strides,
    pads: whole ? pads : ints([...padding, ...padding].map(() => 0)),
    count_include_pad: int(1),
  });
  const factor = combine((scale, count) => scale * count, scale, product(kernel));
  if (!(factor instanceof Varying) && Math.abs(factor - 1) < 1e-9) return [mean];
  return [e.node("Mul", [mean, e.scalar(factor, x.dtype)])];
}
