/**
 * Discrete Fourier transforms. Complex numbers are pairs in a last dimension of two, as in PyTorch's `view_as_real`; `dim` and
 * `s` do not count it.
 */
import { addRoutines } from "../backends/add_routines.ts";
import { fft as fftRoutine } from "../backends/cpu/routines/fft/fft.ts";
import { fft as referenceFft } from "../backends/reference/fft.ts";
import { isFloat } from "../dtype.ts";
import { apply } from "../engine/apply.ts";
import { checkNumberArray, checkTensor } from "../engine/checks.ts";
import { inFloat32 } from "../engine/upcast.ts";
import { tidy } from "../memory/scope.ts";
import { checkOption, checkOptions } from "../options.ts";
import { normalizeDim, normalizeDims, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Direction } from "./fft_tables.ts";
import { transform } from "./fft_transform.ts";
import { padded } from "./join.ts";
import { fromTypedArray } from "./creation.ts";

addRoutines({ fft: fftRoutine }, { fft: referenceFft });

/** Which direction divides by n: `"backward"` the inverse, `"forward"` the transform itself; `"ortho"` divides both by √n. */
export type FftNorm = "backward" | "ortho" | "forward";

/** Options of transforms along one dimension. */
export interface FftOptions {
  /** The length of the transform: a longer signal is cut, a shorter one padded with zeros. Default: the signal's length. */
  readonly n?: number;
  /** The dimension, not counting that of the pairs. Default: the last. */
  readonly dim?: number;
  /** Default: `"backward"`, that is, inverses divide by n. */
  readonly norm?: FftNorm;
}

/** Options of transforms along several dimensions. */
export interface FftnOptions {
  /** The length of each dimension; −1 keeps it. Default: all are kept. */
  readonly s?: readonly number[];
  /** The dimensions, not counting that of the pairs. Default: as many trailing ones as `s` has lengths; without `s` all (`fft2`: the last two). */
  readonly dim?: readonly number[];
  /** Default: `"backward"`, that is, inverses divide by the number of points. */
  readonly norm?: FftNorm;
}

/** Pairs to pairs, real numbers to half a spectrum, or half a spectrum to real numbers. */
type Kind = "complex" | "fromReal" | "toReal";

interface Steps {
  readonly operation: string;
  readonly kind: Kind;
  readonly direction: Direction;
  readonly norm: FftNorm;
}

function checkPairs(operation: string, x: Tensor): void {
  checkTensor(operation, x, "x");
  if (x.ndim < 2 || x.shape.at(-1) !== 2) {
    throw new RangeError(
      `${operation}: x has shape ${showShape(x.shape)}, but complex numbers are pairs in a last dimension of two, ` +
        `[..., n, 2]; for real numbers call rfft, or make pairs with stack([x, zerosLike(x)], -1)`,
    );
  }
}

/** In a floating dtype, float16 in float32. */
function computed(x: Tensor, compute: (x: Tensor) => Tensor): Tensor {
  return tidy(() => isFloat(x.dtype) ? inFloat32([x], compute) : compute(x.to("float32")));
}

function scaleOf(direction: Direction, norm: FftNorm, n: number): number {
  if (norm === "ortho") return 1 / Math.sqrt(n);
  return (norm === "backward") === (direction === 1) ? 1 / n : 1;
}

function resized(x: Tensor, dim: number, length: number): Tensor {
  const size = x.shape[dim]!;
  return size > length ? x.narrow(dim, 0, length) : padded(x, dim, 0, length - size);
}

/** One dimension by the routine `fft`, which transforms real signals of even length as complex ones of half that length. */
function byRoutine(x: Tensor, dim: number, n: number, kind: Kind, direction: Direction, scale: number): Tensor {
  const odd = n % 2 === 1;
  if (kind === "complex") {
    const rows = resized(x, dim, n).movedim(dim, -2).contiguous();
    return apply("fft", [rows], { kind, n, direction, scale }).movedim(-2, dim).contiguous();
  }
  const half = Math.floor(n / 2) + 1;
  if (kind === "fromReal") {
    const rows = resized(x, dim, n).movedim(dim, -1);
    const spectrum = odd
      ? apply("fft", [padded(rows.unsqueeze(-1), rows.ndim, 0, 1)], { kind: "complex", n, direction, scale }).narrow(
        -2,
        0,
        half,
      )
      : apply("fft", [rows.contiguous()], { kind, n, direction, scale });
    return spectrum.movedim(-2, dim).contiguous();
  }
  const rows = (odd ? weighted(x, dim, n) : resized(x, dim, half)).movedim(dim, -2).contiguous();
  const signal = odd
    ? apply("fft", [rows], { kind: "complex", n, direction, scale }).select(-1, 0)
    : apply("fft", [rows], { kind, n, direction, scale });
  return signal.movedim(-1, dim).contiguous();
}

/** One dimension, `dim` counted from the first, transformed to n points. */
function alongOne(x: Tensor, dim: number, n: number, steps: Steps): Tensor {
  const { kind, direction, norm } = steps;
  const scale = scaleOf(direction, norm, n);
  if (x.device.backend.hasRoutine("fft")) return byRoutine(x, dim, n, kind, direction, scale);
  if (kind === "fromReal") {
    const signal = resized(x, dim, n).movedim(dim, -1);
    const batch = signal.shape.slice(0, -1);
    const half = Math.floor(n / 2) + 1;
    const pairs = interleaved(transform(signal.reshape([sizeOf(batch), 1, n]), direction, scale));
    return pairs.narrow(1, 0, half).reshape([...batch, half, 2]).movedim(-2, dim).contiguous();
  }
  const signal = (kind === "toReal" ? weighted(x, dim, n) : resized(x, dim, n)).movedim(dim, -2);
  const batch = signal.shape.slice(0, -2);
  const result = transform(signal.transpose(-1, -2).contiguous().reshape([sizeOf(batch), 2, n]), direction, scale);
  if (kind === "toReal") return result.select(1, 0).reshape([...batch, n]).movedim(-1, dim).contiguous();
  return interleaved(result).reshape([...batch, n, 2]).movedim(-2, dim).contiguous();
}

/** Planes and digits as pairs in order, `[batch, n, 2]`. */
function interleaved(x: Tensor): Tensor {
  const digits = x.shape.slice(2);
  return x.permute([0, ...digits.map((_, d) => d + 2), 1]).reshape([x.shape[0]!, sizeOf(digits), 2]);
}

/**
 * Half a spectrum padded with zeros to n points. Frequencies that have a mirrored conjugate count twice, so that the real part of the
 * transform is that of the whole spectrum.
 */
function weighted(x: Tensor, dim: number, n: number): Tensor {
  const half = Math.floor(n / 2) + 1;
  const weights = new Float64Array(half).fill(2);
  weights[0] = 1;
  if (n % 2 === 0) weights[half - 1] = 1;
  const shape = x.shape.map((_, d) => d === dim ? half : 1);
  const factor = fromTypedArray(weights, shape, { dtype: x.dtype, device: x.device });
  return padded(resized(x, dim, half).mul(factor), dim, 0, n - half);
}

function checkLength(operation: string, name: string, n: number): void {
  if (Number.isInteger(n) && n >= 1) return;
  throw new RangeError(`${operation}: ${name} is ${n}; a transform takes a whole number of points, at least 1`);
}

/** The number of dimensions without that of the pairs. */
function ndimOf(x: Tensor, kind: Kind): number {
  return kind === "fromReal" ? x.ndim : x.ndim - 1;
}

function checkInput(operation: string, x: Tensor, kind: Kind): void {
  if (kind !== "fromReal") return checkPairs(operation, x);
  checkTensor(operation, x, "x");
  if (x.ndim === 0) {
    throw new RangeError(`${operation}: x has no dimension to transform; x.unsqueeze(0) makes it a vector`);
  }
}

/** The number of points along a dimension when no option gives it. */
function defaultLength(size: number, kind: Kind): number {
  return kind === "toReal" ? 2 * (size - 1) : size;
}

function transform1(operation: string, x: Tensor, options: FftOptions, kind: Kind, direction: Direction): Tensor {
  checkOptions(operation, options, ["n", "dim", "norm"]);
  const { dim = -1, norm = "backward" } = options;
  checkOption(operation, "norm", norm, ["backward", "ortho", "forward"]);
  checkInput(operation, x, kind);
  const d = normalizeDim(operation, dim, ndimOf(x, kind));
  const n = options.n ?? defaultLength(x.shape[d]!, kind);
  checkLength(operation, "n", n);
  return computed(x, (x) => alongOne(x, d, n, { operation, kind, direction, norm }));
}

function transformN(
  operation: string,
  x: Tensor,
  options: FftnOptions,
  kind: Kind,
  direction: Direction,
  fallback: readonly number[] | null,
): Tensor {
  checkOptions(operation, options, ["s", "dim", "norm"]);
  const { s, norm = "backward" } = options;
  checkOption(operation, "norm", norm, ["backward", "ortho", "forward"]);
  checkInput(operation, x, kind);
  if (s !== undefined) checkNumberArray(operation, "s", s);
  if (options.dim !== undefined) checkNumberArray(operation, "dim", options.dim);
  const ndim = ndimOf(x, kind);
  const given = options.dim ?? fallback ?? s?.map((_, i) => i - s.length);
  const dims = given === undefined
    ? Array.from({ length: ndim }, (_, d) => d)
    : given.map((dim) => normalizeDim(operation, dim, ndim));
  normalizeDims(operation, given, ndim);
  if (s !== undefined && s.length !== dims.length) {
    throw new RangeError(
      `${operation}: s [${s.join(", ")}] has ${s.length} lengths for ${dims.length} dimensions; give one for each`,
    );
  }
  const last = dims.length - 1;
  const lengths = dims.map((d, i) => {
    const asked = s === undefined || s[i] === -1 ? undefined : s[i];
    return asked ?? defaultLength(x.shape[d]!, i === last ? kind : "complex");
  });
  lengths.forEach((n, i) => checkLength(operation, s === undefined ? `the length of dim ${dims[i]}` : `s[${i}]`, n));
  const along = (x: Tensor, i: number, kind: Kind) =>
    alongOne(x, dims[i]!, lengths[i]!, { operation, kind, direction, norm });
  return computed(x, (x) => {
    let result = kind === "fromReal" ? along(x, last, kind) : x;
    for (let i = 0; i < dims.length; i++) {
      if (kind === "complex" || i < last) result = along(result, i, "complex");
    }
    if (kind === "toReal") result = along(result, last, kind);
    return result === x ? x.clone() : result;
  });
}

/**
 * The discrete Fourier transform X[k] = Σ x[j] · exp(−2πi · j · k / n) along one dimension (PyTorch: `torch.fft.fft`). Any
 * length works; those with small prime factors are fastest. Integers are computed in float32.
 *
 * @param x complex numbers, `[…, n, 2]`.
 * @returns `[…, n, 2]`.
 * @throws RangeError when the last dimension is not 2, or the length less than 1.
 *
 * @example
 * ```ts
 * import { fft, tensor } from "@heddle/tensor";
 * const x = tensor([[1, 0], [0, 0], [-1, 0], [0, 0]]); // 1, 0, −1, 0
 * fft(x).toArray(); // [[0, 0], [2, 0], [0, 0], [2, 0]]
 * ```
 */
export function fft(x: Tensor, options: FftOptions = {}): Tensor {
  return transform1("fft", x, options, "complex", -1);
}

/**
 * The inverse of {@link fft} (PyTorch: `torch.fft.ifft`).
 *
 * @param x complex numbers, `[…, n, 2]`.
 * @returns `[…, n, 2]`.
 * @throws RangeError as {@link fft}.
 *
 * @example
 * ```ts
 * import { ifft, tensor } from "@heddle/tensor";
 * ifft(tensor([[0, 0], [2, 0], [0, 0], [2, 0]])).toArray(); // [[1, 0], [0, 0], [-1, 0], [0, 0]]
 * ```
 */
export function ifft(x: Tensor, options: FftOptions = {}): Tensor {
  return transform1("ifft", x, options, "complex", 1);
}

/**
 * {@link fft} of real numbers: the first half of the spectrum, frequencies 0 to ⌊n / 2⌋, the rest being their mirrored conjugates
 * (PyTorch: `torch.fft.rfft`).
 *
 * @param x real numbers, `[…, n]`.
 * @returns `[…, ⌊n / 2⌋ + 1, 2]`.
 * @throws RangeError when the length is less than 1.
 *
 * @example
 * ```ts
 * import { rfft, tensor } from "@heddle/tensor";
 * const spectrum = rfft(tensor([1, 0, -1, 0]));
 * spectrum.toArray(); // [[0, 0], [2, 0], [0, 0]]
 * spectrum.square().sum(-1).toArray(); // [0, 4, 0]: the power of each frequency
 * ```
 */
export function rfft(x: Tensor, options: FftOptions = {}): Tensor {
  return transform1("rfft", x, options, "fromReal", -1);
}

/**
 * The inverse of {@link rfft} (PyTorch: `torch.fft.irfft`). `n` is the number of real points, by default the even one; pass it when
 * the signal's length was odd. The imaginary parts of frequency 0 and, for an even n, of the last one are ignored.
 *
 * @param x the first half of a spectrum, `[…, ⌊n / 2⌋ + 1, 2]`.
 * @returns real numbers, `[…, n]`.
 * @throws RangeError when the last dimension is not 2, or the length less than 1.
 *
 * @example
 * ```ts
 * import { irfft, rfft, tensor } from "@heddle/tensor";
 * irfft(rfft(tensor([3, 1, 2])), { n: 3 }).toArray(); // about [3, 1, 2]
 * ```
 */
export function irfft(x: Tensor, options: FftOptions = {}): Tensor {
  return transform1("irfft", x, options, "toReal", 1);
}

/** `norm` for a transform of the other direction. */
const opposite: Readonly<Record<FftNorm, FftNorm>> = { backward: "forward", ortho: "ortho", forward: "backward" };

/** The options of a transform of the other direction, checked. */
function reversed<O extends FftOptions | FftnOptions>(operation: string, options: O): O {
  const { norm = "backward" } = options;
  checkOption(operation, "norm", norm, ["backward", "ortho", "forward"]);
  return { ...options, norm: opposite[norm] };
}

/** Pairs with the imaginary part negated; integers as float32. */
function conjugate(x: Tensor): Tensor {
  const pairs = isFloat(x.dtype) ? x : x.to("float32");
  const signs = fromTypedArray(new Float32Array([1, -1]), [2], { dtype: pairs.dtype, device: x.device });
  return pairs.mul(signs);
}

/**
 * {@link fft} of a signal whose second half is the mirrored conjugate of its first, which makes the spectrum real (PyTorch:
 * `torch.fft.hfft`). `n` is the number of real points, by default the even one.
 *
 * @param x the first half of the signal, `[…, ⌊n / 2⌋ + 1, 2]`.
 * @returns real numbers, `[…, n]`.
 * @throws RangeError as {@link irfft}.
 *
 * @example
 * ```ts
 * import { hfft, tensor } from "@heddle/tensor";
 * hfft(tensor([[0, 0], [1, 0], [0, 0]])).toArray(); // [2, 0, -2, 0]
 * ```
 */
export function hfft(x: Tensor, options: FftOptions = {}): Tensor {
  checkOptions("hfft", options, ["n", "dim", "norm"]);
  checkPairs("hfft", x);
  return tidy(() => transform1("hfft", conjugate(x), reversed("hfft", options), "toReal", 1));
}

/**
 * The inverse of {@link hfft} (PyTorch: `torch.fft.ihfft`).
 *
 * @param x real numbers, `[…, n]`.
 * @returns `[…, ⌊n / 2⌋ + 1, 2]`.
 * @throws RangeError as {@link rfft}.
 *
 * @example
 * ```ts
 * import { ihfft, tensor } from "@heddle/tensor";
 * ihfft(tensor([2, 0, -2, 0])).shape; // [3, 2]
 * ```
 */
export function ihfft(x: Tensor, options: FftOptions = {}): Tensor {
  checkOptions("ihfft", options, ["n", "dim", "norm"]);
  return tidy(() => conjugate(transform1("ihfft", x, reversed("ihfft", options), "fromReal", -1)));
}

/**
 * {@link fft} along two dimensions, by default the last two (PyTorch: `torch.fft.fft2`).
 *
 * @param x complex numbers, `[…, height, width, 2]`.
 * @returns `[…, height, width, 2]`.
 * @throws RangeError as {@link fft}; when a dimension is named twice, or `s` has another number of lengths.
 *
 * @example
 * ```ts
 * import { fft2, ones, stack, zeros } from "@heddle/tensor";
 * const picture = ones([4, 6]);
 * fft2(stack([picture, zeros([4, 6])], -1)).at(0, 0).toArray(); // [24, 0]
 * ```
 */
export function fft2(x: Tensor, options: FftnOptions = {}): Tensor {
  return transformN("fft2", x, options, "complex", -1, [-2, -1]);
}

/** The inverse of {@link fft2}, `[…, height, width, 2]` to the same shape (PyTorch: `torch.fft.ifft2`). @throws RangeError as {@link fft2}. */
export function ifft2(x: Tensor, options: FftnOptions = {}): Tensor {
  return transformN("ifft2", x, options, "complex", 1, [-2, -1]);
}

/**
 * {@link fft2} of real numbers: along the last of the dimensions only the first half, as {@link rfft} (PyTorch: `torch.fft.rfft2`).
 *
 * @param x real numbers, `[…, height, width]`.
 * @returns `[…, height, ⌊width / 2⌋ + 1, 2]`.
 * @throws RangeError as {@link fft2}.
 *
 * @example
 * ```ts
 * import { ones, rfft2 } from "@heddle/tensor";
 * rfft2(ones([4, 6])).shape; // [4, 4, 2]
 * ```
 */
export function rfft2(x: Tensor, options: FftnOptions = {}): Tensor {
  return transformN("rfft2", x, options, "fromReal", -1, [-2, -1]);
}

/**
 * The inverse of {@link rfft2} (PyTorch: `torch.fft.irfft2`). Without `s` the width is even.
 *
 * @param x `[…, height, ⌊width / 2⌋ + 1, 2]`.
 * @returns real numbers, `[…, height, width]`.
 * @throws RangeError as {@link fft2}.
 *
 * @example
 * ```ts
 * import { irfft2, ones, rfft2 } from "@heddle/tensor";
 * irfft2(rfft2(ones([4, 5])), { s: [4, 5] }).shape; // [4, 5]
 * ```
 */
export function irfft2(x: Tensor, options: FftnOptions = {}): Tensor {
  return transformN("irfft2", x, options, "toReal", 1, [-2, -1]);
}

/**
 * {@link fft} along several dimensions, by default all but that of the pairs (PyTorch: `torch.fft.fftn`).
 *
 * @throws RangeError as {@link fft2}.
 *
 * @example
 * ```ts
 * import { fftn, zeros } from "@heddle/tensor";
 * fftn(zeros([3, 4, 5, 2]), { dim: [0, 2] }).shape; // [3, 4, 5, 2]
 * ```
 */
export function fftn(x: Tensor, options: FftnOptions = {}): Tensor {
  return transformN("fftn", x, options, "complex", -1, null);
}

/** The inverse of {@link fftn} (PyTorch: `torch.fft.ifftn`). @throws RangeError as {@link fft2}. */
export function ifftn(x: Tensor, options: FftnOptions = {}): Tensor {
  return transformN("ifftn", x, options, "complex", 1, null);
}

/** {@link fftn} of real numbers: along the last of the dimensions only the first half, as {@link rfft} (PyTorch: `torch.fft.rfftn`). @throws RangeError as {@link fft2}. */
export function rfftn(x: Tensor, options: FftnOptions = {}): Tensor {
  return transformN("rfftn", x, options, "fromReal", -1, null);
}

/** The inverse of {@link rfftn}; without `s` the last of the dimensions is even (PyTorch: `torch.fft.irfftn`). @throws RangeError as {@link fft2}. */
export function irfftn(x: Tensor, options: FftnOptions = {}): Tensor {
  return transformN("irfftn", x, options, "toReal", 1, null);
}

function hermitian(operation: string, x: Tensor, options: FftnOptions, fallback: readonly number[] | null): Tensor {
  checkOptions(operation, options, ["s", "dim", "norm"]);
  checkPairs(operation, x);
  return tidy(() => transformN(operation, conjugate(x), reversed(operation, options), "toReal", 1, fallback));
}

function toHermitian(operation: string, x: Tensor, options: FftnOptions, fallback: readonly number[] | null): Tensor {
  checkOptions(operation, options, ["s", "dim", "norm"]);
  return tidy(() => conjugate(transformN(operation, x, reversed(operation, options), "fromReal", -1, fallback)));
}

/** {@link hfft} along the last of two dimensions, after {@link fft} along the other (PyTorch: `torch.fft.hfft2`). @throws RangeError as {@link fft2}. */
export function hfft2(x: Tensor, options: FftnOptions = {}): Tensor {
  return hermitian("hfft2", x, options, [-2, -1]);
}

/** The inverse of {@link hfft2} (PyTorch: `torch.fft.ihfft2`). @throws RangeError as {@link fft2}. */
export function ihfft2(x: Tensor, options: FftnOptions = {}): Tensor {
  return toHermitian("ihfft2", x, options, [-2, -1]);
}

/** {@link hfft} along the last of several dimensions, after {@link fft} along the others (PyTorch: `torch.fft.hfftn`). @throws RangeError as {@link fft2}. */
export function hfftn(x: Tensor, options: FftnOptions = {}): Tensor {
  return hermitian("hfftn", x, options, null);
}

/** The inverse of {@link hfftn} (PyTorch: `torch.fft.ihfftn`). @throws RangeError as {@link fft2}. */
export function ihfftn(x: Tensor, options: FftnOptions = {}): Tensor {
  return toHermitian("ihfftn", x, options, null);
}
