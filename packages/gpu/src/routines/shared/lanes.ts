/** Lanes: the elements along one dimension. There is a lane for every index of the other dimensions. */
import { sizeOf } from "@heddle/tensor/backend";
import type { GpuOperand } from "../../gpu_context.ts";
import { coordinates, paramNames } from "../../render/index_math.ts";
import { mergeDimensions } from "../../strides.ts";
import { dot, numbered } from "./params.ts";

/** The lanes of several operands, which have the same number of lanes. */
export interface Lanes {
  readonly count: number;
  /** Number of dimensions that number the lanes, part of a shader's key. */
  readonly rank: number;
  readonly params: Record<string, number>;
  /**
   * Statements that find a lane by its number: in operand NAME it starts at `NAME_lane`, and its elements are
   * `p.NAMEStep` apart.
   */
  readonly code: (lane: string) => string;
}

/** Divides operands into lanes along `dim`. `shape` has the sizes of the other dimensions. */
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
