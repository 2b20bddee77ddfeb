/**
 * The gradient of a convolution's input by columns (col2im). A matrix product computes what each window adds to each of its taps, and
 * every element of the image then sums what its windows add to it.
 */
import { type DType, isFloat } from "@heddle/tensor";
import { type Attrs, sizeOf } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { coordinates, paramNames } from "../../render/index_math.ts";
import { computeType } from "../../render/wgsl_types.ts";
import type { BareContraction } from "../contraction/contraction.ts";
import { quadsOf } from "../contraction/factor.ts";
import type { KernelConfigName } from "../contraction/kernel_configs.ts";
import { runContraction } from "../contraction/run_contraction.ts";
import { dispatch } from "../shared/dispatch.ts";
import { numbered } from "../shared/params.ts";
import { windowCode } from "../shared/windows.ts";
import { dims, each, geometryOf, imageAndPosition } from "./conv_params.ts";

type InputGrad = Attrs["convInputGrad"];

/** Most bytes of columns at a time. It limits how many images are processed together. */
const columnBytes = 2 ** 26;

/** Computes the gradient and writes it to `out`. */
export function gradientByColumns(
  gpu: GpuContext,
  g: GpuOperand,
  w: GpuOperand,
  out: GpuOperand,
  attrs: InputGrad,
  name: KernelConfigName | undefined,
): void {
  const [images, channels] = [out.shape[0]!, out.shape[1]!];
  const [windows, taps] = [sizeOf(g.shape.slice(2)), sizeOf(w.shape.slice(2))];
  const perImage = 4 * channels * taps * windows;
  const most = Math.min(columnBytes, gpu.limits.maxStorageBufferBindingSize);
  const together = Math.max(1, Math.min(images, Math.floor(most / perImage)));
  const buffer = gpu.scratch(perImage * together);
  const dtype: DType = isFloat(out.dtype) ? "float32" : "int32";
  for (let first = 0; first < images; first += together) {
    const some = (x: GpuOperand): GpuOperand => ({
      ...x,
      shape: [Math.min(together, images - first), ...x.shape.slice(1)],
      offset: x.offset + first * x.strides[0]!,
    });
    const part = some(g);
    const columns = { dtype, buffer, shape: [channels * taps, part.shape[0]! * windows], strides: [], offset: 0 };
    runContraction(gpu, { ...columnSums(part, w, columns, attrs.groups), bias: null, relu: false }, name);
    foldColumns(gpu, columns, part, w, some(out), attrs);
  }
  gpu.release(buffer);
}

/**
 * `columns[c · taps + k, n · windows + o] = Σ w[f, c, k] · g[n, f, o]`, summed over the filters of the channel's group.
 */
function columnSums(g: GpuOperand, w: GpuOperand, columns: GpuOperand, groups: number): BareContraction {
  const rank = g.shape.length - 2;
  const all = dims(rank);
  const filters = w.shape[0]! / groups;
  return {
    key: `conv columns ${rank} ${g.dtype}`,
    dtype: g.dtype,
    batch: groups,
    m: columns.shape[0]! / groups,
    n: columns.shape[1]!,
    outer: 1,
    inner: filters,
    digits: ["p.inner"],
    constants: {},
    left: w,
    right: g,
    out: columns,
    params: { ...geometryOf({ g, w }), filters, windows: sizeOf(g.shape.slice(2)) },
    batchCode: "",
    rows: {
      lane: (v, index) =>
        coordinates(`${v}i`, index, paramNames("wSize", rank + 2, 1)) +
        `let ${v} = p.wAt + z * p.filters * p.wStride0${
          each([0, ...all.map((d) => d + 1)], (d) => ` + ${v}i${d} * p.wStride${d + 1}`)
        };\n`,
      strides: ["p.wStride0"],
      bounds: [],
      taps: null,
      linear: true,
      alongSum: false,
      quads: quadsOf(
        { sizes: w.shape.slice(1), strides: w.strides.slice(1) },
        { sizes: [filters], strides: [w.strides[0]!] },
        [w.offset, filters * w.strides[0]!],
      ),
    },
    columns: {
      lane: (v, index) =>
        imageAndPosition(v, index, "p.windows", paramNames("gSize", rank + 2, 2)) +
        `let ${v} = p.gAt + ${v}n * p.gStride0 + z * p.filters * p.gStride1${
          each(all, (d) => ` + ${v}q${d} * p.gStride${d + 2}`)
        };\n`,
      strides: ["p.gStride1"],
      bounds: [],
      taps: null,
      linear: true,
      alongSum: false,
      quads: quadsOf(
        { sizes: [g.shape[0]!, ...g.shape.slice(2)], strides: [g.strides[0]!, ...g.strides.slice(2)] },
        { sizes: [filters], strides: [g.strides[1]!] },
        [g.offset, filters * g.strides[1]!],
      ),
    },
    outRow: (v, index) => `let ${v} = (z * p.m + ${index}) * p.n;\n`,
    outColumn: (v, index) => `let ${v} = ${index};\n`,
  };
}

/** Sums for each element of the image what its windows contribute; one thread for each element. */
function foldColumns(
  gpu: GpuContext,
  columns: GpuOperand,
  g: GpuOperand,
  w: GpuOperand,
  out: GpuOperand,
  attrs: InputGrad,
): void {
  const kernel = w.shape.slice(2);
  const windows = windowCode(gpu, "convInputGrad", { ...attrs, kernel }, { x: out, g }, "x", "g");
  const all = dims(kernel.length);
  const image = windows.lead === 1
    ? "let image = c0 / p.channels; let channel = c0 % p.channels;"
    : "let image = c0; let channel = c1;";
  const tap = (d: number): string =>
    `let away${d} = padded${d} - o${d} * ${windows.attr("stride", d)}; let k${d} = away${d} / ${
      windows.attr("dilation", d)
    };`;
  const exact = all.filter((d) => attrs.dilation[d] !== 1).map((d) =>
    `k${d} * ${windows.attr("dilation", d)} == away${d}`
  );
  const place = (of: string, sizes: string): string =>
    all.slice(1).reduce((at, d) => `(${at}) * p.${sizes}${d} + ${of}${d}`, `${of}0`);
  dispatch(gpu, {
    key: `conv fold ${windows.key} ${exact.length > 0 ? attrs.dilation.map((d) => d !== 1) : ""}`,
    reads: { columns },
    writes: { out },
    params: {
      ...windows.params,
      ...{ channels: out.shape[1]!, taps: sizeOf(kernel), windows: sizeOf(g.shape.slice(2)), pitch: columns.shape[1]! },
      ...numbered("tapSize", kernel),
      ...numbered("windowSize", g.shape.slice(2)),
    },
    threads: sizeOf(out.shape),
    body: () =>
      `${windows.coordinates("x")}
${image}
var sum = ${computeType(out.dtype)}(0);
${
        windows.forEachWindow(
          "g",
          `${each(all, tap)}
${exact.length > 0 ? `if (${exact.join(" && ")}) {` : "{"}
sum += columns_get((channel * p.taps + ${place("k", "tapSize")}) * p.pitch + image * p.windows + ${
            place("o", "windowSize")
          });
}`,
        )
      }
out_set(p.xOffset + thread, sum);
`,
  });
}
