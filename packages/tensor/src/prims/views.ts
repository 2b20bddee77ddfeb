/** Geometry rules of the view primitives. The methods of Tensor check attributes and make them non-negative. */
import { broadcastStrides, type Geometry, showShape, viewStrides } from "../shape.ts";
import type { Attrs, ViewPrim } from "./attrs.ts";

type ViewRow<P extends ViewPrim> = {
  readonly kind: "view";
  readonly geometry: (input: Geometry, attrs: Attrs[P]) => Geometry;
};

const replaced = (values: readonly number[], i: number, value: number): number[] => {
  const result = [...values];
  result[i] = value;
  return result;
};

const removed = (values: readonly number[], i: number): number[] => values.filter((_, j) => j !== i);

/** The rules by name. */
export const viewRules: { readonly [P in ViewPrim]: ViewRow<P> } = {
  reshape: {
    kind: "view",
    geometry({ shape, strides, offset }, attrs) {
      const viewed = viewStrides(shape, strides, attrs.shape);
      if (viewed === null) {
        throw new RangeError(
          `view: a tensor of shape ${showShape(shape)} and strides ${showShape(strides)} cannot show shape ` +
            `${showShape(attrs.shape)} without a copy; use reshape(…), which copies where it must`,
        );
      }
      return { shape: attrs.shape, strides: viewed, offset };
    },
  },
  permute: {
    kind: "view",
    geometry: ({ shape, strides, offset }, { dims }) => ({
      shape: dims.map((d) => shape[d]!),
      strides: dims.map((d) => strides[d]!),
      offset,
    }),
  },
  expand: {
    kind: "view",
    geometry: ({ shape, strides, offset }, attrs) => ({
      shape: attrs.shape,
      strides: broadcastStrides(shape, strides, attrs.shape),
      offset,
    }),
  },
  slice: {
    kind: "view",
    geometry: ({ shape, strides, offset }, { dim, start, length, step }) => ({
      shape: replaced(shape, dim, length),
      strides: replaced(strides, dim, strides[dim]! * step),
      offset: length === 0 ? offset : offset + start * strides[dim]!,
    }),
  },
  select: {
    kind: "view",
    geometry: ({ shape, strides, offset }, { dim, index }) => ({
      shape: removed(shape, dim),
      strides: removed(strides, dim),
      offset: offset + index * strides[dim]!,
    }),
  },
  diagonal: {
    kind: "view",
    geometry({ shape, strides, offset }, attrs) {
      const [rows, columns] = [shape[attrs.dim1]!, shape[attrs.dim2]!];
      const down = Math.max(-attrs.offset, 0);
      const right = Math.max(attrs.offset, 0);
      const length = Math.max(Math.min(rows - down, columns - right), 0);
      const rest = shape.map((_, d) => d).filter((d) => d !== attrs.dim1 && d !== attrs.dim2);
      return {
        shape: [...rest.map((d) => shape[d]!), length],
        strides: [...rest.map((d) => strides[d]!), strides[attrs.dim1]! + strides[attrs.dim2]!],
        offset: length === 0 ? offset : offset + down * strides[attrs.dim1]! + right * strides[attrs.dim2]!,
      };
    },
  },
  unfold: {
    kind: "view",
    geometry: ({ shape, strides, offset }, { dim, size, step }) => ({
      shape: [...replaced(shape, dim, Math.floor((shape[dim]! - size) / step) + 1), size],
      strides: [...replaced(strides, dim, strides[dim]! * step), strides[dim]!],
      offset,
    }),
  },
  // The only view with negative strides. Users never see it: `Tensor.flip` copies it immediately.
  flip: {
    kind: "view",
    geometry: ({ shape, strides, offset }, { dims }) => ({
      shape,
      strides: strides.map((stride, d) => dims.includes(d) ? -stride : stride),
      offset: dims.reduce((at, d) => at + Math.max(shape[d]! - 1, 0) * strides[d]!, offset),
    }),
  },
};
