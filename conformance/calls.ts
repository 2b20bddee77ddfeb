/** How to make recorded calls: each is a method of its first value, except those in these tables. */
import { functional } from "@heddle/nn";
import * as heddle from "@heddle/tensor";
import { Tensor } from "@heddle/tensor";
import { inFloat32 } from "@heddle/tensor/engine";

/** Called as `name(...values)` from @heddle/tensor. */
export const freeFunctions: ReadonlySet<string> = new Set([
  ...["cat", "stack", "meshgrid", "where", "einsum", "pad", "oneHot"],
  ...["hstack", "vstack", "dstack", "columnStack", "broadcastTensors", "blockDiag", "cartesianProd"],
  ...["atleast1d", "atleast2d", "atleast3d"],
  ...["gradient", "histogramdd"],
  ...["conv1d", "conv2d", "conv3d", "convTranspose1d", "convTranspose2d", "convTranspose3d"],
  ...["maxPool1d", "maxPool2d", "avgPool1d", "avgPool2d", "adaptiveAvgPool1d", "adaptiveAvgPool2d"],
  ...[
    "arange",
    "linspace",
    "logspace",
    "trilIndices",
    "triuIndices",
    "eye",
    "zeros",
    "ones",
    "full",
    "zerosLike",
    "onesLike",
    "fullLike",
  ],
  ...[
    "fft",
    "ifft",
    "rfft",
    "irfft",
    "hfft",
    "ihfft",
    "fft2",
    "ifft2",
    "rfft2",
    "irfft2",
    "fftn",
    "ifftn",
    "rfftn",
    "irfftn",
    "hfft2",
    "ihfft2",
    "hfftn",
    "ihfftn",
  ],
  ...["fftfreq", "rfftfreq", "fftshift", "ifftshift", "stft", "istft"],
  ...["hannWindow", "hammingWindow", "blackmanWindow", "bartlettWindow", "kaiserWindow"],
]);

/** Calls in which null is an argument of its own rather than an absent one. */
export const keepsNull: ReadonlySet<string> = new Set(["at"]);

/**
 * Calls whose zeros may have either sign: of 0 and -0 PyTorch's kernels return the first in float32 and the second in float64,
 * and its sinc of whole numbers is a small number of either sign, which float16 rounds to zero.
 */
export const eitherZero: ReadonlySet<string> = new Set(["maximum", "minimum", "sinc", "sinc_"]);

/** Fields of results with several tensors, in the order of PyTorch's tuples. */
export const outputFields: readonly string[] = [
  "values",
  "indices",
  "inverse",
  "counts",
  "output",
  "loss",
  "std",
  "var",
  "mean",
  "min",
  "max",
  "hist",
  "binEdges",
];

type Call = (...values: never[]) => unknown;
type Tail<T extends unknown[]> = T extends [unknown, ...infer Rest] ? Rest : never;

/** Calls that are neither. */
export const compounds: { readonly [call: string]: Call } = {
  viewAssign(base: Tensor, ...rest: unknown[]) {
    const [steps, operation, operands] = rest.slice(-3) as [[string, ...unknown[]][], string, unknown[]];
    const view = steps.reduce((x, [step, ...args]) => method(x, step)(...args) as Tensor, base);
    method(view, operation)(...rest.slice(0, -3), ...operands);
    return base;
  },
  ctcLossOfLogits: (logits: Tensor, ...rest: Tail<Parameters<typeof functional.ctcLoss>>) =>
    inFloat32([logits], (wide) => functional.ctcLoss(wide.logSoftmax(-1), ...rest)),
};

/** A method by name, bound to its tensor. */
export function method(self: Tensor, name: string): (...args: unknown[]) => unknown {
  const found = (self as unknown as Record<string, unknown>)[name];
  if (typeof found !== "function") throw new Error(`tensors have no method ${name}`);
  return found.bind(self) as (...args: unknown[]) => unknown;
}

/** Makes a call with the values that `callValues` has put in order. */
export function makeCall(call: string, values: readonly unknown[]): unknown {
  const given = keepsNull.has(call) ? values : values.map((value) => value ?? undefined);
  const compound = compounds[call];
  if (compound !== undefined) return compound(...given as never[]);
  if (call.startsWith("F.")) {
    return (functional as unknown as Record<string, Call>)[call.slice(2)]!(...given as never[]);
  }
  if (freeFunctions.has(call)) return (heddle as unknown as Record<string, Call>)[call]!(...given as never[]);
  const [self, ...args] = given;
  return method(self as Tensor, call)(...args);
}

/** The result of a call as a list of tensors; true and false become 0-dimensional. */
export function outputsOf(answer: unknown): Tensor[] {
  if (answer instanceof Tensor) return [answer];
  if (typeof answer === "boolean") return [heddle.tensor(answer)];
  if (Array.isArray(answer)) return answer.flatMap(outputsOf);
  const fields = answer as Record<string, unknown>;
  return outputFields.filter((name) => fields[name] !== undefined).flatMap((name) => outputsOf(fields[name]));
}

/** Whether the call changes `inputs[0]` and returns it. */
export function isInPlace(call: string): boolean {
  return call.endsWith("_") || call === "viewAssign";
}
