/** Matrix products: `[…, M, K] · […, K, N]` with broadcast batches and any strides. */
import { type Attrs, sizeOf } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { coordinates, paramNames } from "../../render/index_math.ts";
import { mergeDimensions } from "../../strides.ts";
import { dot, numbered } from "../shared/params.ts";
import type { BareContraction } from "./contraction.ts";
import { quadsOf } from "./factor.ts";
import type { KernelConfigName } from "./kernel_configs.ts";
import { runContraction } from "./run_contraction.ts";

/** The strides of an operand's batch dimensions; 0 where it is broadcast. */
function batchStrides({ shape, strides }: GpuOperand, batch: readonly number[]): number[] {
  const missing = batch.length - (shape.length - 2);
  return batch.map((_, d) => d < missing || shape[d - missing] === 1 ? 0 : strides[d - missing]!);
}

/** Describes the product as a contraction. */
function matmulContraction(
  left: GpuOperand,
  right: GpuOperand,
  out: GpuOperand,
  rounded: boolean,
): BareContraction {
  let m = out.shape.at(-2)!;
  const n = out.shape.at(-1)!;
  const inner = left.shape.at(-1)!;
  const sizes = out.shape.slice(0, -2);
  let batch = mergeDimensions(sizes, [batchStrides(left, sizes), batchStrides(right, sizes), out.strides.slice(0, -2)]);
  let [leftRow, outRow] = [left.strides.at(-2)!, out.strides.at(-2)!];
  if (batch.shape.length > 0 && batch.strides[1]!.every((stride) => stride === 0)) {
    // All matrices have the same right factor: treat the batch as more rows.
    const rows = mergeDimensions([...batch.shape, m], [[...batch.strides[0]!, leftRow], [
      ...batch.strides[2]!,
      outRow,
    ]]);
    if (rows.shape.length === 1) {
      m = rows.shape[0]!;
      [leftRow, outRow] = [rows.strides[0]![0]!, rows.strides[1]![0]!];
      batch = { shape: [], strides: [[], [], []] };
    }
  }
  const rank = batch.shape.length;
  const [leftInner, rightInner] = [left.strides.at(-1)!, right.strides.at(-2)!];
  const [rightColumn, outColumn] = [right.strides.at(-1)!, out.strides.at(-1)!];
  return {
    key: `matmul ${rank}${leftInner === 1 ? "t" : "n"}${rightInner === 1 && rightColumn !== 1 ? "t" : "n"}${
      rounded ? " rounded" : ""
    }`,
    rounded,
    dtype: out.dtype,
    batch: sizeOf(batch.shape),
    m,
    n,
    outer: 1,
    inner,
    digits: ["p.inner"],
    constants: {},
    left,
    right,
    out,
    params: {
      ...{ leftRow, leftInner, rightInner, rightColumn, outRow, outColumn },
      ...{ leftOffset: left.offset, rightOffset: right.offset, outOffset: out.offset },
      ...numbered("size", batch.shape),
      ...numbered("leftBatch", batch.strides[0]!),
      ...numbered("rightBatch", batch.strides[1]!),
      ...numbered("outBatch", batch.strides[2]!),
    },
    batchCode: `${coordinates("z", "z", paramNames("size", rank))}
let left0 = p.leftOffset + ${dot("z", "p.leftBatch", rank)};
let right0 = p.rightOffset + ${dot("z", "p.rightBatch", rank)};
let out0 = p.outOffset + ${dot("z", "p.outBatch", rank)};
`,
    rows: {
      lane: (v, index) => `let ${v} = left0 + ${index} * p.leftRow;\n`,
      strides: ["p.leftInner"],
      bounds: [],
      taps: null,
      linear: true,
      alongSum: leftInner === 1,
      quads: quadsOf({ sizes: [m], strides: [leftRow] }, { sizes: [inner], strides: [leftInner] }, [
        left.offset,
        ...batch.strides[0]!,
      ]),
    },
    columns: {
      lane: (v, index) => `let ${v} = right0 + ${index} * p.rightColumn;\n`,
      strides: ["p.rightInner"],
      bounds: [],
      taps: null,
      linear: true,
      alongSum: rightInner === 1 && rightColumn !== 1,
      quads: quadsOf({ sizes: [n], strides: [rightColumn] }, { sizes: [inner], strides: [rightInner] }, [
        right.offset,
        ...batch.strides[1]!,
      ]),
    },
    outRow: (v, index) => `let ${v} = out0 + ${index} * p.outRow;\n`,
    outColumn: (v, index) => `let ${v} = ${index} * p.outColumn;\n`,
  };
}

/**
 * Computes a matrix product. A third input is a bias added to every row. `name` selects a configuration, for tests and
 * timing.
 */
export function matmul(
  gpu: GpuContext,
  [left, right, bias]: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  { activation, rounded = false }: Attrs["matmul"],
  name?: KernelConfigName,
): void {
  runContraction(gpu, {
    ...matmulContraction(left!, right!, out!, rounded),
    bias: bias === undefined ? null : { operand: bias, along: "column" },
    relu: activation === "relu",
  }, name);
}
