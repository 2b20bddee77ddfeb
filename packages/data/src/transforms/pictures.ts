import { fromTypedArray, type Tensor } from "@heddle/tensor";

/**
 * Pictures in the host's memory, one after the other, each as planes of rows: the format that picture transforms work
 * on. Loops over typed arrays change a thousand small pictures in a few milliseconds; a dozen tensor operations per
 * picture take ten times as long. A function may overwrite the pictures passed to it.
 */
export interface Pictures {
  /** `count × channels × height × width` values: uint8 from 0 to 255, or float32, from 0 to 1 where colours matter. */
  readonly data: Float32Array | Uint8Array;
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Runs a function of pictures on a tensor [C, H, W] or [N, C, H, W]. */
export function onPictures(where: string, input: Tensor, fn: (pictures: Pictures) => Pictures): Tensor {
  const { shape, dtype } = input;
  if (shape.length !== 3 && shape.length !== 4) {
    throw new Error(
      `${where}: expected a tensor of shape [C, H, W] or [N, C, H, W], got shape [${shape.join(", ")}].` +
        (shape.length === 2 ? " ToTensor before it adds the channel." : ""),
    );
  }
  if (dtype !== "uint8" && dtype !== "float32") {
    throw new Error(`${where}: expected uint8 or float32 pictures, got ${dtype}. Put ToTensor or .float() before it.`);
  }
  const [count, channels, height, width] = (shape.length === 3 ? [1, ...shape] : shape) as [
    number,
    number,
    number,
    number,
  ];
  const data = input.toTypedArray(dtype);
  return tensorOf(fn({ data, count, channels, height, width }), shape.length === 4, input.device);
}

/** The tensor of pictures: [N, C, H, W], or [C, H, W] of a single one. */
export function tensorOf(pictures: Pictures, batch: boolean, device?: Tensor["device"]): Tensor {
  const { data, count, channels, height, width } = pictures;
  const shape = [...(batch ? [count] : []), channels, height, width];
  return fromTypedArray(data, shape, device === undefined ? {} : { device });
}

/** Values of pictures that one transform makes. */
const mostValues = 2 ** 30;

/** @throws RangeError for pictures that no transform should make, naming their size */
export function checkValues(where: string, count: number, channels: number, height: number, width: number): void {
  if (count * channels * height * width <= mostValues) return;
  throw new RangeError(
    `${where}: the result would have shape [${[count, channels, height, width].join(", ")}], more than ${mostValues} ` +
      `values; check the size and the padding, or give fewer pictures at a time.`,
  );
}

/** Pictures of another size or number, with the values not set. @throws RangeError where they would be far too large */
export function emptyLike(where: string, pictures: Pictures, sizes: Partial<Omit<Pictures, "data">>): Pictures {
  const { count, channels, height, width } = { ...pictures, ...sizes };
  checkValues(where, count, channels, height, width);
  const length = count * channels * height * width;
  const data = pictures.data instanceof Float32Array ? new Float32Array(length) : new Uint8Array(length);
  return { data, count, channels, height, width };
}

/** The picture as errors show it. */
export function showSize({ height, width }: { readonly height: number; readonly width: number }): string {
  return `${height}×${width}`;
}
