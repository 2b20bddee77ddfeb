/** The short-time Fourier transform and its inverse. */
import { isFloat } from "../dtype.ts";
import { checkTensor } from "../engine/checks.ts";
import { inFloat32, isHalf } from "../engine/upcast.ts";
import { readsAtOnce } from "../engine/recorder.ts";
import { tidy } from "../memory/scope.ts";
import { checkOption, checkOptions } from "../options.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fromTypedArray, ones, zeros } from "./creation.ts";
import { fft, irfft, rfft } from "./fft.ts";
import { pad, padded, type PadMode, stack } from "./join.ts";

/** What {@link stft} and {@link istft} share. */
export interface FrameOptions {
  /** Samples between the starts of neighbouring frames. Default: ⌊nFft / 4⌋. */
  readonly hopLength?: number;
  /** The window's length, at most nFft (the default); zeros on both sides make it nFft. */
  readonly winLength?: number;
  /** Weights of the samples, `[winLength]`, such as {@link hannWindow}. Default: all ones. */
  readonly window?: Tensor | null;
  /** Whether frame t is centred at sample t · hopLength (default) rather than starting there. */
  readonly center?: boolean;
  /** Whether spectra are divided by √nFft (default false). */
  readonly normalized?: boolean;
  /** Whether spectra have only the frequencies 0 to ⌊nFft / 2⌋ (default). */
  readonly onesided?: boolean;
}

/** Options of {@link stft}. */
export interface StftOptions extends FrameOptions {
  /** How a centred signal is padded at both ends (default `"reflect"`). */
  readonly padMode?: PadMode;
}

/** Options of {@link istft}. */
export interface IstftOptions extends FrameOptions {
  /** The number of samples of the signal. Default: as many as the frames cover. */
  readonly length?: number;
}

const frameOptions = ["hopLength", "winLength", "window", "center", "normalized", "onesided"] as const;

interface Frames {
  readonly hop: number;
  /** `[nFft]`, in the dtype of the signal. */
  readonly window: Tensor;
}

function framesOf(operation: string, x: Tensor, nFft: number, options: FrameOptions): Frames {
  const whole = (name: string, value: number, most: number) => {
    if (Number.isInteger(value) && value >= 1 && value <= most) return;
    throw new RangeError(
      `${operation}: ${name} is ${value}; give a whole number from 1 on` + (most < Infinity ? ` to nFft, ${most}` : ""),
    );
  };
  whole("nFft", nFft, Infinity);
  const { hopLength: hop = Math.floor(nFft / 4), winLength = nFft, window = null } = options;
  whole("hopLength", hop, Infinity);
  whole("winLength", winLength, nFft);
  if (window !== null) {
    checkTensor(operation, window, "window");
    if (window.ndim !== 1 || window.shape[0] !== winLength) {
      throw new RangeError(
        `${operation}: the window has shape ${showShape(window.shape)}, expected [${winLength}]: winLength samples`,
      );
    }
  }
  const given = window === null ? ones([winLength], { dtype: x.dtype, device: x.device }) : window.to(x.dtype);
  const left = Math.floor((nFft - winLength) / 2);
  return { hop, window: padded(given, 0, left, nFft - winLength - left) };
}

/**
 * The short-time Fourier transform: the spectra of overlapping frames of a real signal, each multiplied by a window (PyTorch:
 * `torch.stft`, with `return_complex=False`).
 *
 * @param x `[samples]` or `[batch, samples]`.
 * @param nFft samples in a frame.
 * @returns `[(batch,) frequencies, frames, 2]`: ⌊nFft / 2⌋ + 1 frequencies, or nFft when not `onesided`.
 * @throws RangeError when the signal is shorter than a frame, or lengths do not fit each other. TypeError for an unknown option.
 *
 * @example
 * ```ts
 * import { hannWindow, randn, stft } from "@heddle/tensor";
 * const spectrogram = stft(randn([2, 1000]), 64, { hopLength: 16, window: hannWindow(64) });
 * spectrogram.shape; // [2, 33, 63, 2]
 * const power = spectrogram.square().sum(-1);
 * power.shape; // [2, 33, 63]
 * ```
 */
export function stft(x: Tensor, nFft: number, options: StftOptions = {}): Tensor {
  checkOptions("stft", options, [...frameOptions, "padMode"]);
  checkTensor("stft", x, "x");
  if (x.ndim !== 1 && x.ndim !== 2) {
    throw new RangeError(`stft: x has shape ${showShape(x.shape)}, expected [samples] or [batch, samples]`);
  }
  const { window = null, center = true, padMode = "reflect", normalized = false, onesided = true } = options;
  checkOption("stft", "padMode", padMode, ["constant", "reflect", "replicate", "circular"]);
  return tidy(() => {
    if (!isFloat(x.dtype)) return stft(x.to("float32"), nFft, options);
    if (isHalf(x)) return inFloat32([x], (x) => stft(x, nFft, { ...options, window }));
    const { hop, window: weights } = framesOf("stft", x, nFft, options);
    const half = Math.floor(nFft / 2);
    const signal = center ? pad(x, [half, half], { mode: padMode }) : x;
    if (signal.shape.at(-1)! < nFft) {
      throw new RangeError(
        `stft: the signal has ${signal.shape.at(-1)} samples${
          center ? " with its padding" : ""
        }, fewer than nFft, ${nFft}`,
      );
    }
    const frames = signal.unfold(-1, nFft, hop).mul(weights);
    const norm = normalized ? "ortho" : "backward";
    const spectra = onesided ? rfft(frames, { norm }) : fft(stack([frames, zerosOf(frames)], -1), { norm });
    return spectra.transpose(-3, -2).contiguous();
  });
}

function zerosOf({ shape, dtype, device }: Tensor): Tensor {
  return zeros(shape, { dtype, device });
}

/**
 * The inverse of {@link stft}: the inverse transforms of the frames are multiplied by the window, added where they overlap, and
 * divided by the sum of the squared windows (PyTorch: `torch.istft`). Pass the same options as to `stft`.
 *
 * @param x `[(batch,) frequencies, frames, 2]`.
 * @returns `[samples]` or `[batch, samples]`.
 * @throws RangeError when the shape does not fit nFft; and, on devices that read synchronously, when no window covers some
 * sample (on a GPU such samples are infinite or NaN).
 *
 * @example
 * ```ts
 * import { hannWindow, istft, randn, stft } from "@heddle/tensor";
 * const x = randn([1000]);
 * const window = hannWindow(64);
 * const same = istft(stft(x, 64, { window }), 64, { window, length: 1000 });
 * same.allclose(x, { rtol: 1e-3, atol: 1e-4 }); // true
 * ```
 */
export function istft(x: Tensor, nFft: number, options: IstftOptions = {}): Tensor {
  checkOptions("istft", options, [...frameOptions, "length"]);
  checkTensor("istft", x, "x");
  const { window = null, center = true, normalized = false, onesided = true, length } = options;
  const half = Math.floor(nFft / 2);
  const bins = onesided ? half + 1 : nFft;
  const fits = (x.ndim === 3 || x.ndim === 4) && x.shape.at(-1) === 2 && x.shape.at(-3) === bins && x.numel > 0;
  if (!fits) {
    throw new RangeError(
      `istft: x has shape ${
        showShape(x.shape)
      }, expected [${bins}, frames, 2] or [batch, ${bins}, frames, 2] for nFft ${nFft}` +
        (onesided ? "" : " and onesided: false"),
    );
  }
  if (length !== undefined && (!Number.isInteger(length) || length < 0)) {
    throw new RangeError(`istft: length is ${length}; give a whole number of samples`);
  }
  return tidy(() => {
    if (!isFloat(x.dtype)) return istft(x.to("float32"), nFft, options);
    if (isHalf(x)) return inFloat32([x], (x) => istft(x, nFft, { ...options, window }));
    const { hop, window: weights } = framesOf("istft", x, nFft, options);
    const { winLength = nFft } = options;
    if (hop > winLength) {
      throw new RangeError(
        `istft: hopLength ${hop} is more than winLength, ${winLength}: samples between the windows would be lost`,
      );
    }
    const batched = (x.ndim === 3 ? x.unsqueeze(0) : x).transpose(1, 2).narrow(2, 0, half + 1);
    const count = batched.shape[1]!;
    const frames = irfft(batched, { n: nFft, norm: normalized ? "ortho" : "backward" }).mul(weights);
    const covered = nFft + hop * (count - 1);
    const start = center ? half : 0;
    const end = length !== undefined ? start + length : center ? covered - half : covered;
    const kept = Math.min(end, covered) - start;
    if (kept < 0) {
      throw new RangeError(
        `istft: ${count} frames of ${nFft} samples are too short for a centred signal; use center: false`,
      );
    }
    const envelope = overlapped(weights.square().expand([1, count, nFft]), hop, covered).narrow(1, start, kept);
    // Other devices would have to wait for the value.
    if (readsAtOnce(x) && kept > 0 && Number(envelope.abs().min().item()) < 1e-11) {
      throw new RangeError(
        "istft: no window covers some samples (the sum of its squares is 0 there); " +
          "use center: true, a shorter hopLength or a window without zeros at its ends",
      );
    }
    const signal = padded(
      overlapped(frames, hop, covered).narrow(1, start, kept).div(envelope),
      1,
      0,
      end - start - kept,
    );
    return x.ndim === 3 ? signal.squeeze(0).clone() : signal.contiguous();
  });
}

/** Overlap-add: frames `[batch, count, size]`, each `hop` samples after the previous one, summed to `[batch, covered]`. */
function overlapped(frames: Tensor, hop: number, covered: number): Tensor {
  const [batch, count, size] = frames.shape as unknown as [number, number, number];
  const places = new Int32Array(count * size);
  for (let t = 0; t < count; t++) for (let i = 0; i < size; i++) places[t * size + i] = t * hop + i;
  const index = fromTypedArray(places, [count * size], { device: frames.device });
  const { dtype, device } = frames;
  return zeros([batch, covered], { dtype, device }).indexAdd(1, index, frames.reshape([batch, count * size]));
}
