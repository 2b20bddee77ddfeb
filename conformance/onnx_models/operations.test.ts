/**
 * Every recorded call of an operation, and every recorded layer in evaluation mode, exported and run by ONNX Runtime: outputs are those of
 * Heddle, or the export is refused for a reason that is listed here.
 *
 * @module-tag once
 */
import { noGrad } from "@heddle/autograd";
import * as nn from "@heddle/nn";
import { exportOnnx } from "@heddle/onnx";
import { type Tensor, tidy } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { isInPlace, makeCall, outputsOf } from "../calls.ts";
import { callValues, type FixtureCase, type FixtureTensor, loadFixtures } from "../load.ts";
import { fromFixture, toTensor } from "../recorded_tensors.ts";
import { operationFamilies } from "../suite.ts";
import { hasRuntime, runModel } from "./runtime.ts";

/** Why calls are refused. */
const refusals: readonly RegExp[] = [
  // Their results have a size that depends on values, or the host computes with values.
  /are read \(as item\(\) and toArray\(\) do\) while operations are recorded/,
  /^exportOnnx: "(erfinv|lgamma|digamma|i[01]|polygamma|zeta|igammac?|nextafter|gcd|lcm|i0|i1)_?": ONNX has no operator/,
  /^exportOnnx: "\w*": ONNX has no operator for (Bessel|the inverse error|incomplete gamma|greatest common|the logarithm of the gamma)/,
  /^exportOnnx: "bitwise(Left|Right)Shift_?": ONNX has no operator for shifts of signed integers/,
  /^exportOnnx: "(cumprod|prod|logcumsumexp)": ONNX has no cumulative product/,
  /needs opset 18; pass \{ opset: 18 \}/,
  /^exportOnnx: a write to a view by (unfold|diagonal|expand)/,
  /^exportOnnx: "random": random numbers are drawn/,
  /ONNX (pools no int64|convolves floating-point tensors only)/,
  /a scatter into a 0-dimensional tensor is not exported/,
  /a part of memory in a way that was not recorded/,
];

/** What ONNX Runtime does otherwise: NaN in extremes and in orders, signs of zeros, and sums of a long transform as a product. */
const otherwise = /NaN|nan|infinit|special|fft \d{3,}/;

/** Kernels that ONNX Runtime lacks, mostly those for float64 and small integers. */
const lacking = /Could not find an implementation|NOT_IMPLEMENTED|Failed to find kernel|ERROR_CODE: 9/;

interface LayerCase {
  readonly name: string;
  readonly module: string;
  readonly args: unknown[];
  readonly state: Record<string, FixtureTensor>;
  readonly inputs: FixtureTensor[];
  readonly outputs: FixtureTensor[];
}

type Function = (...inputs: Tensor[]) => Tensor[];

/** What became of the cases of a family. */
interface Outcome {
  equal: number;
  refused: number;
  lacking: number;
  otherwise: number;
  readonly wrong: string[];
}

function isClose(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= 1e-5 + 1e-5 * Math.abs(b);
}

/** The first difference of outputs; null if there is none. */
function differenceOf(found: readonly Tensor[], wanted: readonly Tensor[]): string | null {
  for (const [k, x] of wanted.entries()) {
    const y = found[k]!;
    if (`${y.dtype} ${y.shape}` !== `${x.dtype} ${x.shape}`) {
      return `${y.dtype} [${y.shape}] instead of ${x.dtype} [${x.shape}]`;
    }
    const [a, b] = [Array.from(y.toTypedArray(), Number), Array.from(x.toTypedArray(), Number)];
    const at = a.findIndex((value, i) => !isClose(value, b[i]!));
    if (at >= 0) return `output ${k}, element ${at} is ${a[at]} instead of ${b[at]}`;
  }
  return null;
}

async function compare(name: string, fn: Function, inputs: readonly Tensor[], outcome: Outcome): Promise<void> {
  let bytes: Uint8Array;
  try {
    bytes = await exportOnnx(fn, inputs);
  } catch (error) {
    const message = (error as Error).message;
    if (refusals.some((reason) => reason.test(message))) outcome.refused++;
    else outcome.wrong.push(`${name}: ${message}`);
    return;
  }
  let found: Tensor[];
  try {
    found = (await runModel(bytes, inputs))[0]!;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (lacking.test(message)) outcome.lacking++;
    else outcome.wrong.push(`${name}: ${message}`);
    return;
  }
  const difference = tidy(() => differenceOf(found, noGrad(() => fn(...inputs))));
  for (const tensor of found) tensor.dispose();
  if (difference === null) outcome.equal++;
  else if (otherwise.test(name)) outcome.otherwise++;
  else outcome.wrong.push(`${name}: ${difference}`);
}

/** The call of a case as a function of its tensors. */
function functionOf(each: FixtureCase): { readonly fn: Function; readonly inputs: Tensor[] } {
  const given = each.inputs.map((input) =>
    "list" in input ? input.list.map((item) => fromFixture(item)) : fromFixture(input)
  );
  const fn = (...tensors: Tensor[]): Tensor[] => {
    const left = [...tensors];
    const inputs = given.map((input) => Array.isArray(input) ? input.map(() => left.shift()!) : left.shift()!);
    if (isInPlace(each.call)) inputs[0] = (inputs[0] as Tensor).clone();
    return outputsOf(makeCall(each.call, callValues(each, inputs, (decoded) => toTensor(decoded))));
  };
  return { fn, inputs: given.flat() };
}

function layerOf({ module, args, state, outputs }: LayerCase): Function {
  const build = (module: string, args: unknown[]): nn.Module => {
    if (module === "Sequential") {
      const parts = args as { module: string; args: unknown[] }[];
      return new nn.Sequential(...parts.map((part) => build(part.module, part.args) as nn.Layer));
    }
    const Make = (nn as unknown as Record<string, new (...args: unknown[]) => nn.Module>)[module]!;
    return new Make(...callValues({ args }, [], toTensor));
  };
  const layer = build(module, args).to((outputs[0]?.dtype ?? "float32") as "float32").eval();
  layer.loadStateDict(Object.fromEntries(Object.entries(state).map(([key, value]) => [key, fromFixture(value)])));
  return (...inputs) => outputsOf((layer as unknown as { forward(...inputs: Tensor[]): unknown }).forward(...inputs));
}

const isHalf = ({ dtype }: { readonly dtype: string }): boolean => dtype === "float16" || dtype === "bfloat16";

// What creates tensors has no inputs to export.
const operations = operationFamilies.filter((family) => family !== "creation");
const families = ["modules", "losses", "functional", "attention_functions", "vision", ...operations];

describe.skipIf(!hasRuntime)("recorded calls in ONNX Runtime", () => {
  test.each(families)("%s", { tags: ["long"] }, async (family) => {
    const outcome: Outcome = { equal: 0, refused: 0, lacking: 0, otherwise: 0, wrong: [] };
    for (const each of loadFixtures<FixtureCase | LayerCase>(family).cases) {
      if ("state" in each) {
        const inputs = each.inputs.map((input) => fromFixture(input));
        if (!inputs.some(isHalf)) await compare(each.name, layerOf(each), inputs, outcome);
      } else if ("call" in each && each.inputs.length > 0 && !each.error) {
        const { fn, inputs } = functionOf(each);
        if (!inputs.some((x) => isHalf(x) || x.numel === 0)) await compare(each.name, fn, inputs, outcome);
      }
    }
    console.log(`${family}: ${JSON.stringify({ ...outcome, wrong: outcome.wrong.length })}`);
    expect(outcome.wrong.slice(0, 20)).toEqual([]);
    expect(outcome.equal).toBeGreaterThan(0);
  });
});
