/** Replays a recorded case: its outputs, the tensors that it must not change, and its gradients. */
import { grad } from "@heddle/autograd";
import { type Device, memory, scope, type Tensor } from "@heddle/tensor";
import { eitherZero, isInPlace, makeCall, outputsOf } from "./calls.ts";
import type { Difference } from "./differences.ts";
import { inDTypes, type ReplayDTypes } from "./narrow.ts";
import { callValues, decodeTensor, elements, type FixtureCase, type FixtureTensor } from "./load.ts";
import { difference, fromFixture, type Tolerance, type Tolerances, toTensor } from "./recorded_tensors.ts";

/** The device and the tolerances. */
export interface Setting {
  readonly device: Device;
  readonly tolerances: Tolerances;
  /** Whether the zeros of outputs must have the recorded sign. */
  readonly signedZeros: boolean;
  /** See `ConformanceOptions`. */
  readonly replayAs?: ReplayDTypes | undefined;
  readonly excused?: readonly string[];
}

/** `float32 [2, 3]`, with the strides of what is not contiguous. */
function showTensor({ dtype, shape, strides }: FixtureTensor): string {
  return `${dtype} [${shape.join(", ")}]${strides ? ` strides [${strides.join(", ")}]` : ""}`;
}

/** A call as a reader would write it, shapes for tensors. */
export function showCall({ call, inputs, args }: Pick<FixtureCase, "call" | "inputs" | "args">): string {
  const shown = inputs.map((input) =>
    "list" in input ? `[${input.list.map(showTensor).join("; ")}]` : showTensor(input)
  );
  const text = JSON.stringify(args, (_, value) => value?.tensor ? showTensor(value.tensor) : value);
  return `${call}(${[...shown, text.slice(1, -1)].filter((part) => part !== "").join("; ")})`;
}

const tensorsOf = (fixture: FixtureCase): FixtureTensor[] =>
  fixture.inputs.flatMap((input) => "list" in input ? input.list : [input]);

function toleranceOf(fixture: FixtureCase, recorded: FixtureTensor, { tolerances }: Setting): Tolerance {
  const usual = tolerances[recorded.dtype as keyof Tolerances];
  const { tol } = fixture;
  // What was recorded in float64 may be replayed in float32.
  if (tol === undefined || recorded.dtype !== "float32") return tol ?? usual;
  return { rtol: Math.max(tol.rtol, usual.rtol), atol: Math.max(tol.atol, usual.atol) };
}

/**
 * Runs a case; returns a list of its faults. A case in a dtype that the device lacks may fail, but only with an error
 * that says so.
 *
 * @param deliberate how Heddle differs on purpose.
 */
export function replay(fixture: FixtureCase, setting: Setting, deliberate?: Difference): string[] {
  // The call may be refused because of its dtype.
  const replayed = setting.replayAs && !fixture.error ? inDTypes(fixture, setting.replayAs) : fixture;
  const before = memory().storages;
  const open = scope();
  const wrong: string[] = [];
  try {
    wrong.push(...compare(replayed, setting, deliberate));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const dtypes = [...tensorsOf(fixture), ...fixture.outputs].map(({ dtype }) => dtype);
    const lacking = dtypes.filter((dtype) => !setting.device.backend.supports(dtype));
    if (!lacking.some((dtype) => message.includes(`does not compute in ${dtype}`))) wrong.push(`threw: ${message}`);
  } finally {
    open.end();
  }
  const left = memory().storages - before;
  if (left > 0) wrong.push(`left ${left} storages behind`);
  return wrong;
}

function compare(fixture: FixtureCase, setting: Setting, deliberate: Difference | undefined): string[] {
  const { device } = setting;
  const recorded = tensorsOf(fixture);
  const inputs = fixture.inputs.map((input) =>
    "list" in input ? input.list.map((item) => fromFixture(item, device)) : fromFixture(input, device)
  );
  const flat = inputs.flat();
  fixture.grads?.forEach((gradient, i) => gradient && (flat[i]!.requiresGrad = true));
  const inPlace = isInPlace(fixture.call);
  const called = inPlace && fixture.grads ? [(inputs[0] as Tensor).clone(), ...inputs.slice(1)] : inputs;
  const values = callValues(fixture, called, (decoded) => toTensor(decoded, device));

  if (fixture.error) return refusal(fixture.call, values);
  const outputs = outputsOf(makeCall(fixture.call, values));
  if (outputs.length !== fixture.outputs.length) {
    return [`answered ${outputs.length} tensors, expected ${fixture.outputs.length}`];
  }

  const wrong: string[] = [];
  const check = (where: string, found: Tensor, wanted: FixtureTensor, signedZeros: boolean): void => {
    const text = difference(found, wanted, { tolerance: toleranceOf(fixture, wanted, setting), signedZeros });
    if (text !== null) wrong.push(`${where}: ${text}`);
  };
  outputs.forEach((answered, i) => {
    let output = answered;
    if (deliberate?.dtype !== undefined) {
      if (output.dtype !== deliberate.dtype) {
        wrong.push(`output ${i}: dtype is ${output.dtype}, listed as ${deliberate.dtype}`);
      }
      output = output.to(fixture.outputs[i]!.dtype);
    }
    if (output.device !== device && output.numel > 0 && !isFlag(fixture.call)) {
      wrong.push(`output ${i} lives on ${output.device.name}`);
    }
    check(`output ${i}`, output, fixture.outputs[i]!, setting.signedZeros && !eitherZero.has(fixture.call));
  });
  if (inPlace && outputs[0] !== called[0]) wrong.push("did not answer the tensor it changed");
  flat.forEach((input, i) => {
    if (inPlace && input === called[0]) return;
    check(`input ${i} afterwards`, input, recorded[i]!, true);
  });
  if (fixture.grads) wrong.push(...checkGradients(fixture, flat, outputs, setting, deliberate));
  return wrong;
}

function refusal(call: string, values: readonly unknown[]): string[] {
  try {
    makeCall(call, values);
  } catch (error) {
    // A mistake in this code would count as a refusal.
    const ours = error instanceof Error && /^(\w+): /.test(error.message);
    return ours ? [] : [`refused with an error that does not name the operation: ${error}`];
  }
  return ["is accepted, expected an error"];
}

function checkGradients(
  fixture: FixtureCase,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  setting: Setting,
  deliberate: Difference | undefined,
): string[] {
  const wanted = inputs.map((_, i) => i).filter((i) => fixture.grads![i]);
  const seeded = outputs.map((_, i) => i).filter((i) => fixture.gradOutputs![i]);
  const stray = outputs.findIndex((output, i) => output.requiresGrad && !fixture.gradOutputs![i]);
  if (stray >= 0) return [`output ${stray} has a gradient, which PyTorch's has not`];
  if (wanted.length === 0) return []; // a null among the recorded gradients may stand for zeros
  const gradients = grad(seeded.map((i) => outputs[i]!), wanted.map((i) => inputs[i]!), {
    gradOutputs: seeded.map((i) => fromFixture(fixture.gradOutputs![i]!, setting.device)),
    allowUnused: true,
  });
  return wanted.flatMap((i, k) => {
    const wrong = gradientDifference(gradients[k]!, fixture, i, setting, deliberate?.gradients?.[i]);
    return wrong === null ? [] : [`gradient ${i} ${wrong}`];
  });
}

function gradientDifference(
  found: Tensor | null,
  fixture: FixtureCase,
  input: number,
  setting: Setting,
  deliberate: readonly number[] | undefined,
): string | null {
  const recorded = fixture.grads![input]!;
  // An input that the result does not depend on has no gradient in Heddle; in PyTorch it sometimes is zeros.
  if (found === null) return elements(decodeTensor(recorded)).every((value) => value === 0) ? null : "is missing";
  const tolerance = toleranceOf(fixture, recorded, setting);
  const wrong = difference(found, recorded, { tolerance });
  if (deliberate === undefined) return wrong;
  if (wrong === null) return "agrees with PyTorch's, but is listed as a difference";
  const values = [...found.toTypedArray()].map(Number);
  const at = deliberate.findIndex((value, i) =>
    !(Math.abs(value - values[i]!) <= tolerance.atol + tolerance.rtol * Math.abs(value))
  );
  return at < 0 ? null : `element ${at} is ${values[at]}, listed as a difference with ${deliberate[at]}`;
}

/** For calls that return true or false, which have no device. */
function isFlag(call: string): boolean {
  return call === "equal" || call === "allclose";
}
