/** Lanes: the elements along one dimension, one lane for every index of the other dimensions. */
import type { GpuOperand } from "../../gpu_context.ts";
import { coordinates, paramNames } from "../../render/index_math.ts";
import { mergeDimensions, sizeOf } from "../../strides.ts";
import { dot, numbered } from "./params.ts";

/** The lanes of several operands, of which all have as many. */
export interface Lanes {
  readonly count: number;
  /** Dimensions that tell lanes apart: part of a shader's key. */
  readonly rank: number;
  readonly params: Record<string, number>;
  /**
   * Statements that find the lane of the given number: where it begins in the operand NAME is `NAME_lane`, and its elements are
   * `p.NAMEStep` apart.
   */
  readonly code: (lane: string) => string;
}

/** Takes operands apart into lanes along `dim`; `shape` has the sizes of the other dimensions. */
export function lanesOf(
  shape: readonly number[],
  dim: number,
  operands: Readonly<Record<string, Pick<GpuOperand, "strides" | "offset">>>,
): Lanes {
  const names = Object.keys(operands);
  const beside = (values: readonly number[]): number[] => values.filter((_, d) => d !== dim);
  const { shape: sizes, strides } = mergeDimensions(
    beside(shape),
    names.map((name) => beside(operands[name]!.strides)),
  );
  const rank = sizes.length;
  let params: Record<string, number> = numbered("size", sizes);
  names.forEach((name, i) => {
    const { strides: all, offset } = operands[name]!;
    params = { ...params, ...numbered(`${name}Lane`, strides[i]!) };
    params[`${name}Step`] = all[dim] ?? 0;
    params[`${name}Offset`] = offset;
  });
  return {
    count: sizeOf(sizes),
    rank,
    params,
    code: (lane) =>
      coordinates("c", lane, paramNames("size", rank)) +
      names.map((name) => `let ${name}_lane = p.${name}Offset + ${dot("c", `p.${name}Lane`, rank)};\n`).join(""),
  };
}
