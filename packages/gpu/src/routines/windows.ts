/** Windows of poolings, always in three spatial dimensions, of which those in front may have one element. */
import type { Gpu, GpuOperand } from "../gpu.ts";
import { sizeOf } from "./geometry.ts";
import { decode, numbered } from "./params.ts";

/** What poolings have in common. */
export interface WindowAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation?: readonly number[];
}

function three(values: readonly number[], fill: number): number[] {
  return [...Array<number>(3 - values.length).fill(fill), ...values];
}

/** `[N, C, D, H, W]` as params: sizes `NAME0` … and, with strides, `NAMEStride0` … and `NAMEOffset`. */
export function planes(name: string, operand: GpuOperand): Record<string, number> {
  const [n, c, ...size] = operand.shape as [number, number, ...number[]];
  const [ns, cs, ...strides] = operand.strides as [number, number, ...number[]];
  return {
    ...numbered(name, [n, c, ...three(size, 1)]),
    ...numbered(`${name}Stride`, [ns, cs, ...three(strides, 0)]),
    [`${name}Offset`]: operand.offset,
  };
}

/**
 * The windows as params.
 *
 * @throws RangeError for windows in which lavapipe would leave out elements: it leaves every loop after 65,535 rounds.
 */
export function windows(gpu: Gpu, operation: string, attrs: WindowAttrs): Record<string, number> {
  const { kernel, stride, padding, dilation = [] } = attrs;
  if (gpu.software && sizeOf(kernel) > 60_000) {
    throw new RangeError(
      `${operation}: a window of [${kernel.join(", ")}] is too large for an adapter in software; ` +
        `pool in two steps, reduce over the whole image, or use the device "cpu"`,
    );
  }
  return {
    ...numbered("kernel", three(kernel, 1)),
    ...numbered("stride", three(stride, 1)),
    ...numbered("padding", three(padding, 0)),
    ...numbered("dilation", three(dilation, 1)),
  };
}

/** Statements that find the coordinates `c0` … `c4` of the element of NAME with the number of this thread. */
export function ownCoordinates(name: string): string {
  return decode("c", "thread", [0, 1, 2, 3, 4].map((d) => `p.${name}${d}`));
}

/** Loops over the elements of IMAGE in the window at the output's coordinates; `body` knows their coordinates `i0`, `i1`, `i2`. */
export function eachInWindow(image: string, body: string): string {
  let code = body;
  for (let d = 2; d >= 0; d--) {
    // What lies before the image wraps and so lies beyond it.
    code = `for (var k${d} = 0u; k${d} < p.kernel${d}; k${d}++) {
let i${d} = c${d + 2} * p.stride${d} + k${d} * p.dilation${d} - p.padding${d};
if (i${d} >= p.${image}${d + 2}) { continue; }
${code}
}
`;
  }
  return code;
}

/**
 * Loops over the windows, of which OUTPUT has one an element, that may hold the image's element at the thread's coordinates; `body`
 * knows the windows' coordinates `o0`, `o1`, `o2`.
 */
export function eachWindowAround(output: string, body: string): string {
  let bounds = "";
  let code = body;
  for (let d = 2; d >= 0; d--) {
    bounds += `let reach${d} = (p.kernel${d} - 1u) * p.dilation${d} + 1u;
let padded${d} = c${d + 2} + p.padding${d};
let first${d} = select(0u, (padded${d} - reach${d}) / p.stride${d} + 1u, padded${d} >= reach${d});
let last${d} = min(padded${d} / p.stride${d} + 1u, p.${output}${d + 2});
`;
    code = `for (var o${d} = first${d}; o${d} < last${d}; o${d}++) {\n${code}\n}\n`;
  }
  return bounds + code;
}

/** The position of the element of NAME at `c0`, `c1` and three spatial coordinates. */
export function elementAt(name: string, spatial: string): string {
  const beside = `p.${name}Offset + c0 * p.${name}Stride0 + c1 * p.${name}Stride1`;
  return `${beside}${[0, 1, 2].map((d) => ` + ${spatial}${d} * p.${name}Stride${d + 2}`).join("")}`;
}
