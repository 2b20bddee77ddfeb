import { isFloat, type Tensor } from "@heddle/tensor";
import { showShape } from "@heddle/tensor/engine";

/** How figures of several outputs become one: their mean, or one for each. */
export type Multioutput = "uniformAverage" | "rawValues";

/** A batch of a regression as matrices. */
export interface Residuals {
  /** What is right: `[N, D]`. */
  readonly target: Tensor;
  /** What the network returned minus what is right: `[N, D]`. */
  readonly residual: Tensor;
  /** The weight of each sample `[N, 1]`, or null. */
  readonly weight: Tensor | null;
}

/**
 * A batch of shape `[N]` or `[N, …]`, with the samples first.
 *
 * @throws TypeError or RangeError unless output and target have the same shape: `[N, 1]` and `[N]` would broadcast to `[N, N]`
 */
export function residualsOf(name: string, output: Tensor, target: Tensor, weight?: Tensor): Residuals {
  const [given, wanted] = [showShape(output.shape), showShape(target.shape)];
  if (given !== wanted || output.ndim === 0) {
    throw new RangeError(
      `${name}: the output has shape ${given}, the target ${wanted}; both must be [N] or [N, …], of the same shape (reshape one)`,
    );
  }
  if (!isFloat(output.dtype)) throw new TypeError(`${name}: the output is ${output.dtype}; it must be a float`);
  const samples = output.shape[0]!;
  if (weight !== undefined && showShape(weight.shape) !== `[${samples}]`) {
    throw new RangeError(
      `${name}: the weight has shape ${showShape(weight.shape)}; expected [${samples}], one for each sample`,
    );
  }
  const dtype = output.dtype === "float64" || target.dtype === "float64" ? "float64" : "float32";
  const columns = Math.max(1, output.numel / Math.max(1, samples));
  const matrix = (x: Tensor): Tensor => x.detach().to(dtype).reshape(samples, columns);
  const right = matrix(target);
  return {
    target: right,
    residual: matrix(output).sub(right),
    weight: weight === undefined ? null : weight.detach().to(dtype).reshape(-1, 1),
  };
}

/** The weighted sum over samples: `[N, D]` to `[D]`. */
export function sumOf(values: Tensor, weight: Tensor | null): Tensor {
  return (weight === null ? values : values.mul(weight)).sum(0);
}
