/** Windows of poolings over images `[N, C, …]` of one to three spatial dimensions: params, and loops in WGSL. */
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { sizeOf } from "../../strides.ts";
import { numbered } from "./params.ts";

/** What poolings have in common. */
export interface WindowAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation?: readonly number[];
}

/** Windows of so many elements are written out one by one, their sizes being part of the source. */
const maxUnrolled = 25;

/** Windows as a shader deals with them. */
export interface Windows {
  /** All that the source depends on. */
  readonly key: string;
  /** Whether every element of the image is in one window, and no window is large. */
  readonly tiled: boolean;
  readonly params: Record<string, number>;
  /** The first spatial one of the coordinates: 1 where batch and channels are one dimension, else 2. */
  readonly lead: number;
  /** Statements that find the coordinates `c0`, `c1`, … of the element of NAME with the number of this thread. */
  readonly coordinates: (name: string) => string;
  /** `body` for every element of IMAGE in the window at the output's coordinates; it knows the element's, `i0`, `i1`, … */
  readonly forEachTap: (image: string, body: string) => string;
  /** `body` for every window, of which OUTPUT has one an element, that may hold the image's element; it knows `o0`, `o1`, … */
  readonly forEachWindow: (output: string, body: string) => string;
  /** The position of the element of NAME in this plane at spatial coordinates `SPATIAL0`, … */
  readonly position: (name: string, spatial: string) => string;
  /** An attribute along a dimension. */
  readonly attr: (name: "kernel" | "stride" | "padding" | "dilation", d: number) => string;
  /** The place in a plane of IMAGE. */
  readonly place: (image: string, spatial: (d: number) => string) => string;
}

/** Whether batch and channels are one dimension in memory. */
function isMerged({ shape, strides }: GpuOperand): boolean {
  return shape[0] === 1 || shape[1] === 1 || strides[0] === strides[1]! * shape[1]!;
}

/** Batch and channels merged, then the spatial dimensions. */
function merged([n, c, ...spatial]: readonly number[]): number[] {
  return [n! * c!, ...spatial];
}

/**
 * The windows of a pooling. `image` is the name of the operand that they lie in, `output` that of one with an element a window.
 *
 * @throws RangeError for windows in which lavapipe would leave out elements: it leaves every loop after 65,535 rounds.
 */
export function windowCode(
  gpu: GpuContext,
  operation: string,
  { kernel, stride, padding, dilation = kernel.map(() => 1) }: WindowAttrs,
  operands: Readonly<Record<string, GpuOperand>>,
  image: string,
  output: string,
): Windows {
  const taps = sizeOf(kernel);
  if (gpu.software && taps > 60_000) {
    throw new RangeError(
      `${operation}: a window of [${kernel.join(", ")}] is too large for an adapter in software; ` +
        `pool in two steps, reduce over the whole image, or use the device "cpu"`,
    );
  }
  const rank = kernel.length;
  const fixed = taps <= maxUnrolled;
  const flat = Object.values(operands).every(isMerged);
  const lead = flat ? 1 : 2;
  const dims = Array.from({ length: rank }, (_, d) => d);
  const [sizes, counts] = [operands[image]!.shape.slice(2), operands[output]!.shape.slice(2)];
  // Where no window reaches beyond the image, nothing is to be checked.
  const inside = dims.map((d) =>
    fixed && padding[d] === 0 && (counts[d]! - 1) * stride[d]! + (kernel[d]! - 1) * dilation[d]! < sizes[d]!
  );

  // Windows that an element may be in, along each dimension.
  const around = dims.map((d) => Math.min(Math.ceil(((kernel[d]! - 1) * dilation[d]! + 1) / stride[d]!), counts[d]!));
  const tiled = fixed &&
    dims.every((d) =>
      inside[d] && kernel[d] === stride[d] && dilation[d] === 1 && counts[d]! * stride[d]! === sizes[d]
    );

  let params: Record<string, number> = {};
  for (const [name, { shape, strides, offset }] of Object.entries(operands)) {
    const steps = flat ? [shape[1] === 1 ? strides[0]! : strides[1]!, ...strides.slice(2)] : strides;
    params = { ...params, ...numbered(name, flat ? merged(shape) : shape), ...numbered(`${name}Stride`, steps) };
    params[`${name}Offset`] = offset;
  }
  const attrs = { kernel, stride, padding, dilation };
  if (!fixed) { for (const [name, values] of Object.entries(attrs)) params = { ...params, ...numbered(name, values) }; }
  const attr = (name: keyof typeof attrs, d: number): string => fixed ? `${attrs[name][d]}u` : `p.${name}${d}`;

  // What lies before the image wraps, and so lies beyond it.
  const tap = (d: number, k: string): string =>
    `c${lead + d} * ${attr("stride", d)} + ${k} * ${attr("dilation", d)} - ${attr("padding", d)}`;
  const isInside = (name: string, d: number): string => inside[d] ? "" : `i${d} < p.${name}${lead + d}`;

  return {
    key: `${rank}${flat ? " flat" : ""}` +
      (fixed ? ` ${kernel} ${stride} ${padding} ${dilation} ${inside} ${around}` : ""),
    tiled,
    params,
    lead,
    coordinates(name) {
      let code = "";
      let rest = "thread";
      for (let d = lead + rank - 1; d > 0; d--) {
        code += `let q${d} = ${rest} / p.${name}${d}; let c${d} = ${rest} - q${d} * p.${name}${d};\n`;
        rest = `q${d}`;
      }
      return `${code}let c0 = ${rest};\n`;
    },
    forEachTap(name, body) {
      if (!fixed) {
        // Only taps within the image: a window may be far larger.
        return dims.reduceRight((code, d) =>
          `let start${d} = c${lead + d} * p.stride${d};
let end${d} = p.${name}${lead + d} + p.padding${d};
var k${d} = select(0u, (p.padding${d} - start${d} + p.dilation${d} - 1u) / p.dilation${d}, start${d} < p.padding${d});
let last${d} = min(p.kernel${d}, select(0u, (end${d} - start${d} + p.dilation${d} - 1u) / p.dilation${d}, start${d} < end${d}));
for (; k${d} < last${d}; k${d}++) {
let i${d} = ${tap(d, `k${d}`)};
${code}
}
`, body);
      }
      let code = "";
      const write = (d: number, lines: string): void => {
        if (d === rank) {
          const checks = dims.map((each) => isInside(name, each)).filter((check) => check !== "");
          code += `{ ${lines}${checks.length > 0 ? `if (${checks.join(" && ")}) { ${body} }` : body} }\n`;
          return;
        }
        for (let k = 0; k < kernel[d]!; k++) write(d + 1, `${lines}let i${d} = ${tap(d, `${k}u`)}; `);
      };
      write(0, "");
      return code;
    },
    forEachWindow(name, body) {
      const unrolled = fixed && sizeOf(around) <= maxUnrolled;
      let bounds = "";
      let code = body;
      for (const d of dims.toReversed()) {
        bounds += `let reach${d} = (${attr("kernel", d)} - 1u) * ${attr("dilation", d)} + 1u;
let padded${d} = c${lead + d} + ${attr("padding", d)};
let first${d} = select(0u, (padded${d} - reach${d}) / ${attr("stride", d)} + 1u, padded${d} >= reach${d});
let last${d} = min(padded${d} / ${attr("stride", d)} + 1u, p.${name}${lead + d});
`;
        const each = code;
        code = unrolled
          ? Array.from(
            { length: around[d]! },
            (_, i) => `{ let o${d} = first${d} + ${i}u;\nif (o${d} < last${d}) {\n${each}\n} }\n`,
          ).join("")
          : `for (var o${d} = first${d}; o${d} < last${d}; o${d}++) {\n${each}\n}\n`;
      }
      return bounds + code;
    },
    attr,
    position(name, spatial) {
      const before = Array.from({ length: lead }, (_, d) => ` + c${d} * p.${name}Stride${d}`).join("");
      return `p.${name}Offset${before}${dims.map((d) => ` + ${spatial}${d} * p.${name}Stride${lead + d}`).join("")}`;
    },
    place: (name, spatial) =>
      dims.slice(1).reduce((place, d) => `(${place}) * p.${name}${lead + d} + ${spatial(d)}`, spatial(0)),
  };
}
