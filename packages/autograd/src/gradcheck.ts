/** Checks gradients against finite differences. */
import { randn, type Tensor, tensor, tidy } from "@heddle/tensor";
import { checkOptions, checkSynchronous } from "@heddle/tensor/engine";
import { grad } from "./engine.ts";
import { enableGrad, noGrad } from "./grad_mode.ts";

const gradcheckOptions = ["atol", "eps", "rtol"] as const;

/** Tolerances of {@link gradcheck}. */
export interface GradcheckOptions {
  /** Step of the central differences. */
  readonly eps?: number;
  /** The absolute tolerance. */
  readonly atol?: number;
  /** The relative tolerance. */
  readonly rtol?: number;
}

/** A function of tensors to be checked. */
export type Checked = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

function outputsOf(fn: Checked, inputs: readonly Tensor[]): readonly Tensor[] {
  const result = fn(...inputs);
  checkSynchronous("gradcheck", result, "await before, and check a function of the values");
  return (Array.isArray(result) ? result : [result]) as readonly Tensor[];
}

/** The inputs with one element changed by `by`. */
function nudged(inputs: readonly Tensor[], which: number, element: number, by: number): Tensor[] {
  return inputs.map((input, i) => {
    const copy = input.detach().clone();
    if (i === which) {
      const flat = copy.view(-1);
      flat.narrow(0, element, 1).add_(by);
    }
    return copy;
  });
}

/**
 * Compares the gradients of a function with central differences, element by element, in float64.
 *
 * @param inputs float64 tensors; those with `requiresGrad` are checked.
 * @returns true.
 * @throws Error where they differ, naming the output, the input, the element and both values. TypeError for inputs that are not float64,
 * whose differences would be too coarse.
 *
 * @example
 * ```ts
 * import { gradcheck } from "@heddle/autograd";
 * import { randn } from "@heddle/tensor";
 * gradcheck((x) => x.tanh(), [randn([3], { dtype: "float64", requiresGrad: true })]);
 * ```
 */
export function gradcheck(fn: Checked, inputs: readonly Tensor[], options: GradcheckOptions = {}): true {
  checkOptions("gradcheck", options, gradcheckOptions);
  const { eps = 1e-6, atol = 1e-5, rtol = 1e-3 } = options;
  const checked = inputs.map((input, i) => input.requiresGrad ? i : -1).filter((i) => i >= 0);
  if (checked.length === 0) {
    throw new Error("gradcheck: no input needs a gradient; call requiresGrad_() on at least one");
  }
  for (const i of checked) {
    if (inputs[i]!.dtype !== "float64") {
      throw new TypeError(`gradcheck: input ${i} is ${inputs[i]!.dtype}; finite differences need float64`);
    }
  }
  tidy(() => compare(fn, inputs, checked, { eps, atol, rtol }));
  return true;
}

/** @throws Error where gradients and differences differ. */
function compare(
  fn: Checked,
  inputs: readonly Tensor[],
  checked: readonly number[],
  { eps, atol, rtol }: Required<GradcheckOptions>,
): void {
  const outputs = outputsOf(fn, inputs);
  outputs.forEach((output, o) => {
    if (!output.requiresGrad) return;
    for (const i of checked) {
      const input = inputs[i]!;
      // One row of the Jacobian for each element of the output.
      const rows: Float64Array[] = [];
      for (let k = 0; k < output.numel; k++) {
        const seed = new Array<number>(output.numel).fill(0);
        seed[k] = 1;
        const start = tensor(seed, { dtype: output.dtype, device: output.device }).reshape(output.shape);
        const [gradient] = grad([output], [input], { gradOutputs: [start], retainGraph: true, allowUnused: true });
        rows.push(gradient ? gradient!.toTypedArray("float64") : new Float64Array(input.numel));
      }
      for (let j = 0; j < input.numel; j++) {
        const outputAt = (by: number): Float64Array =>
          noGrad(() => tidy(() => outputsOf(fn, nudged(inputs, i, j, by))[o]!.double().toTypedArray("float64")));
        const [up, down] = [outputAt(eps), outputAt(-eps)];
        for (let k = 0; k < output.numel; k++) {
          const numeric = (up[k]! - down[k]!) / (2 * eps);
          const analytic = rows[k]![j]!;
          if (!(Math.abs(numeric - analytic) <= atol + rtol * Math.abs(numeric))) {
            throw new Error(
              `gradcheck: d output ${o}[${k}] / d input ${i}[${j}] is ${analytic} by the rule, ${numeric} by finite differences`,
            );
          }
        }
      }
    }
  });
}

/** {@link gradcheck} of a function's gradients, seeded with random ones: checks second derivatives. */
export function gradgradcheck(fn: Checked, inputs: readonly Tensor[], options: GradcheckOptions = {}): true {
  checkOptions("gradgradcheck", options, gradcheckOptions);
  const wanted = inputs.map((input) => input.requiresGrad);
  const seeds = outputsOf(fn, inputs).map((output) => randn(output.shape, { dtype: "float64", requiresGrad: true }));
  const gradients: Checked = (...all) => {
    const given = all.slice(0, inputs.length);
    // During finite differences all inputs are constants: make them leaves to differentiate by.
    const points = given.map((x, i) => wanted[i] && !x.requiresGrad ? x.requiresGrad_() : x);
    const outputs = outputsOf(fn, points);
    const results = grad(outputs, points.filter((_, i) => wanted[i]), {
      gradOutputs: all.slice(inputs.length),
      createGraph: true,
      allowUnused: true,
    });
    return results.filter((g): g is Tensor => g !== null);
  };
  return gradcheck((...all) => enableGrad(() => gradients(...all)), [...inputs, ...seeds], options);
}
