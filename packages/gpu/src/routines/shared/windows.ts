/**
 * Windows over images `[N, C, …]` of one to three spatial dimensions, for pooling and convolutions: params, and loops
 * in WGSL.
 */
import { sizeOf } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { numbered } from "./params.ts";

/** The attributes of windows. */
export interface WindowAttrs {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly dilation?: readonly number[];
}

/** Windows with at most this many taps are unrolled, and their attributes are constants in the source. */
const maxUnrolled = 25;

/** Code generators for one set of windows. */
export interface Windows {
  /** Identifies the generated code. */
  readonly key: string;
  /** Whether every element of the image is in exactly one window, and the windows are unrolled. */
  readonly tiled: boolean;
  readonly params: Record<string, number>;
  /** Number of the first spatial coordinate: 1 if batch and channels are merged, else 2. */
  readonly lead: number;
  /** Statements that compute the coordinates `c0`, `c1`, … of this thread's element of NAME. */
  readonly coordinates: (name: string) => string;
  /**
   * Repeats `body` for every element of IMAGE inside the window at the output's coordinates. The body can use the
   * element's coordinates `i0`, `i1`, ….
   */
  readonly forEachTap: (image: string, body: string) => string;
  /**
   * Repeats `body` for every window that may contain the image's element. OUTPUT has one element for each window. The
   * body can use the window's coordinates `o0`, `o1`, ….
   */
  readonly forEachWindow: (output: string, body: string) => string;
  /** The position in this plane of NAME's element at the spatial coordinates `SPATIAL0`, …. */
  readonly position: (name: string, spatial: string) => string;
  /** The code of an attribute along a dimension. */
  readonly attr: (name: "kernel" | "stride" | "padding" | "dilation", d: number) => string;
  /** The index in a plane of IMAGE. */
  readonly place: (image: string, spatial: (d: number) => string) => string;
}

/** Whether batch and channels can be merged to one dimension. */
function isMerged({ shape, strides }: GpuOperand): boolean {
  return shape[0] === 1 || shape[1] === 1 || strides[0] === strides[1]! * shape[1]!;
}

/** Merges batch and channels. */
function merged([n, c, ...spatial]: readonly number[]): number[] {
  return [n! * c!, ...spatial];
}

/**
 * The windows of an operation. `image` names the operand that they are in, `output` an operand with one element for
 * each window.
 *
 * @throws RangeError for windows so large that lavapipe would skip elements: it ends loops after 65,535 iterations.
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
      `${operation}: a window of [${kernel.join(", ")}] is too large for a software adapter; ` +
        `pool in two steps, reduce over the whole image, or use the device "cpu"`,
    );
  }
  const rank = kernel.length;
  const fixed = taps <= maxUnrolled;
  const flat = Object.values(operands).every(isMerged);
  const lead = flat ? 1 : 2;
  const dims = Array.from({ length: rank }, (_, d) => d);
  const [sizes, counts] = [operands[image]!.shape.slice(2), operands[output]!.shape.slice(2)];
  // No bounds are checked along dimensions where no window leaves the image.
  const inside = dims.map((d) =>
    fixed && padding[d] === 0 && (counts[d]! - 1) * stride[d]! + (kernel[d]! - 1) * dilation[d]! < sizes[d]!
  );

  // Most windows that contain an element, along each dimension.
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

  // Positions before the image wrap and so compare as beyond it.
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
        // Loops over the taps inside the image only: the window may be far larger.
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
