/** Operators of signals: Fourier transforms, windows, the mel scale. Complex numbers are pairs in the last dimension. */
import { arange, fft, fromTypedArray, ifft, rfft, stack, type Tensor, zerosLike } from "@heddle/tensor";
import type { Call } from "./call.ts";
import { castTarget } from "./elementwise.ts";
import { int, type Operator, type Operators } from "./operator.ts";

/** The transform of real numbers `[…, 1]` or of complex ones `[…, 2]` along a dimension that is not the last. */
function spectrum(c: Call, x: Tensor, dim: number, n: number, inverse: boolean): Tensor {
  const real = x.shape.at(-1) === 1;
  if (!real && x.shape.at(-1) !== 2) c.fail(`its input has shape [${x.shape.join(", ")}]; the last size is 1 or 2`);
  const onesided = c.num("onesided") === 1;
  if (onesided && !real) c.fail("a one-sided spectrum is that of real numbers, whose last size is 1");
  if (onesided && inverse) c.fail("the inverse of a one-sided spectrum is not supported");
  if (onesided) return rfft(x.squeeze(-1), { n, dim });
  const pairs = real ? stack([x.squeeze(-1), zerosLike(x.squeeze(-1))], -1) : x;
  return (inverse ? ifft : fft)(pairs, { n, dim });
}

function dft(c: Call, given: number): Tensor {
  const { ndim, shape } = c.raw(0);
  const dim = c.axis(given, ndim);
  if (dim === ndim - 1) c.fail("the axis is the last dimension, which holds the parts of complex numbers");
  const n = c.number(1, shape[dim]!);
  c.place([...shape.slice(0, -1).with(dim, n), 2]);
  return spectrum(c, c.tensor(0), dim, n, c.num("inverse") === 1);
}

/** Spectra of frames: `[batch, frames, frequencies, 2]`. */
function stft(c: Call): Tensor {
  const [given, step, window] = [c.tensor(0), c.number(1), c.maybe(2)];
  // PyTorch exports signals without the dimension of parts.
  const x = given.ndim === 2 ? given.unsqueeze(-1) : given;
  if (x.ndim !== 3) c.fail(`the signal has shape [${given.shape.join(", ")}]; expected [batch, length, 1 or 2]`);
  const size = c.number(3, window?.shape[0] ?? NaN);
  if (Number.isNaN(size)) c.fail("it has neither a window nor a length of frames");
  if (window !== null && window.shape[0] !== size) {
    c.fail(`the window has ${window.shape[0]} elements, a frame ${size}`);
  }
  if (step < 1 || size < 1 || size > x.shape[1]!) {
    c.fail(`frames of ${size}, each ${step} after the one before, do not fit a signal of ${x.shape[1]}`);
  }
  // [batch, frames, 1 or 2, size]
  const frames = x.unfold(1, size, step);
  const weighted = window === null ? frames : frames.mul(window.to(x.dtype));
  return spectrum(c, weighted.transpose(-1, -2), 2, size, false);
}

/** Triangles on the mel scale, `[frequencies, bins]`. */
function melWeights(c: Call): Tensor {
  const [bins, length, rate, low, high] = [0, 1, 2, 3, 4].map((i) => c.number(i)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const frequencies = Math.floor(length / 2) + 1;
  const device = c.place([frequencies, bins]);
  const mel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
  const step = (mel(high) - mel(low)) / (bins + 2);
  const edge = (i: number): number =>
    Math.floor((length + 1) * 700 * (10 ** ((mel(low) + i * step) / 2595) - 1) / rate);
  const weights = new Float32Array(frequencies * bins);
  for (let bin = 0; bin < bins; bin++) {
    const [left, centre, right] = [edge(bin), edge(bin + 1), edge(bin + 2)];
    for (let k = Math.max(0, left); k <= Math.min(frequencies - 1, Math.max(centre, right - 1)); k++) {
      weights[k * bins + bin] = k < centre
        ? (k - left) / (centre - left)
        : k === centre
        ? 1
        : (right - k) / (right - centre);
    }
  }
  const dtype = c.dtypeHere(castTarget(c, c.num("output_datatype")));
  return fromTypedArray(weights, [frequencies, bins], { device }).to(dtype);
}

/** A window: `a − b·cos(2πn/N) + d·cos(4πn/N)`. */
function window(a: number, b: number, d: number): Operators[string] {
  return {
    17: {
      inputs: [1, 1],
      attributes: { output_datatype: int(1), periodic: int(1) },
      numbers: [0],
      run(c) {
        const size = c.number(0);
        const device = c.place([size]);
        const angle = arange(size, { device }).mul(2 * Math.PI / (c.num("periodic") === 1 ? size : size - 1));
        const values = angle.cos().mul(-b).add(angle.mul(2).cos().mul(d)).add(a);
        return values.to(c.dtypeHere(castTarget(c, c.num("output_datatype"))));
      },
    },
  };
}

const transform: Pick<Operator, "attributes" | "note"> = {
  attributes: { inverse: int(0), onesided: int(0) },
  note: "not one-sided and inverse at once",
};

/** The operators of signals. */
export const signals: Operators = {
  DFT: {
    17: {
      ...transform,
      inputs: [1, 2],
      attributes: { ...transform.attributes, axis: int(1) },
      numbers: [1],
      run: (c) => dft(c, c.num("axis")),
    },
    20: { ...transform, inputs: [1, 3], numbers: [1, 2], run: (c) => dft(c, c.number(2, -2)) },
  },
  STFT: { 17: { inputs: [2, 4], attributes: { onesided: int(1) }, numbers: [1, 3], run: stft } },
  MelWeightMatrix: {
    17: { inputs: [5, 5], attributes: { output_datatype: int(1) }, numbers: [0, 1, 2, 3, 4], run: melWeights },
  },
  HannWindow: window(0.5, 0.5, 0),
  HammingWindow: window(25 / 46, 21 / 46, 0),
  BlackmanWindow: window(0.42, 0.5, 0.08),
};
