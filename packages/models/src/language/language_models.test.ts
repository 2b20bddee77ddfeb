/** Logits, losses, gradients and generated tokens, against what PyTorch computed (conformance/fixtures/language_models.json). */
import { functional as F, type Module } from "@heddle/nn";
import { type Tensor, tensor } from "@heddle/tensor";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { classOf, make } from "../pretrained/architectures.ts";
import { CausalLanguageModel, nextTokenLoss, T5ForConditionalGeneration } from "./mod.ts";

/** The base64 of float32 elements. */
interface Recorded {
  shape: number[];
  data: string;
}

interface Case {
  name: string;
  architecture: string;
  config: Record<string, unknown>;
  spread: number;
  parameters: string[];
  inputs: { ids: number[][]; mask: number[][]; types?: number[][]; target?: number[][] };
  outputs: Recorded[];
  loss: number;
  grads: Record<string, Recorded>;
  generated?: number[][];
}

const path = join(dirname(fileURLToPath(import.meta.url)), "../../../../conformance/fixtures/language_models.json");
const { cases } = JSON.parse(readFileSync(path, "utf8")) as { cases: Case[] };

/** The same as `weight` of tools/oracle/language_models.py. */
function weight(name: string, shape: readonly number[], spread: number): Tensor {
  const seed = [...name].reduce((sum, letter, i) => sum + letter.charCodeAt(0) * (i + 1), 0) % 1009;
  const centre = shape.length === 1 && name.endsWith("weight") ? 1 : 0;
  const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
    const noise = Math.sin(12.9898 * (i + 1) + seed) * 43758.5453;
    return centre + 2 * spread * (noise - Math.floor(noise) - 0.5);
  });
  return tensor(values).reshape([...shape]);
}

function modelOf({ architecture, config, spread, parameters }: Case): Module {
  const model = make(classOf({ ...config, architectures: [architecture] }), config).eval();
  // Tied weights are recorded under one of their names.
  const own = model.stateDict();
  const state = Object.fromEntries(parameters.map((name) => [name, weight(name, own[name]!.shape, spread)]));
  const { missingKeys, unexpectedKeys } = model.loadStateDict(state, { strict: false });
  expect(unexpectedKeys).toEqual([]);
  const given = new Set(Object.keys(state).map((name) => own[name]!.storage));
  expect(missingKeys.filter((name) => !given.has(own[name]!.storage))).toEqual([]);
  return model;
}

const ints = (values: number[][]): Tensor => tensor(values, { dtype: "int32" });

/** The largest difference, as a part of the largest value if that is above 1. */
function furthest(found: Tensor, expected: Recorded): number {
  expect(found.shape).toEqual(expected.shape);
  const wanted = new Float32Array(Uint8Array.from(Buffer.from(expected.data, "base64")).buffer);
  const differences = Array.from(found.toTypedArray() as Float32Array, (x, i) => Math.abs(x - wanted[i]!));
  return Math.max(...differences) / Math.max(1, ...wanted.map(Math.abs));
}

function forward(model: Module, { ids, mask, types, target }: Case["inputs"]): Tensor {
  const attentionMask = ints(mask);
  if (model instanceof T5ForConditionalGeneration) return model.forward(ints(ids), ints(target!), { attentionMask });
  if (model instanceof CausalLanguageModel) return model.forward(ints(ids), { attentionMask });
  return (model as unknown as { forward(ids: Tensor, options: object): Tensor })
    .forward(ints(ids), { attentionMask, ...(types === undefined ? {} : { tokenTypeIds: ints(types) }) });
}

function lossOf(model: Module, logits: Tensor, { ids, mask, target }: Case["inputs"]): Tensor {
  if (model instanceof CausalLanguageModel) return nextTokenLoss(logits, ints(ids), ints(mask));
  if (target !== undefined) return nextTokenLoss(logits, ints(target));
  const rows = logits.flatten(0, -2);
  return F.crossEntropy(
    rows,
    tensor(Array.from({ length: rows.shape[0]! }, (_, i) => i % rows.shape[1]!), { dtype: "int32" }),
  );
}

describe.each(cases)("$name", (each) => {
  test("has PyTorch's logits, loss and gradients", () => {
    const model = modelOf(each);
    const logits = forward(model, each.inputs);
    expect(furthest(logits, each.outputs[0]!)).toBeLessThan(1e-5);
    const loss = lossOf(model, logits, each.inputs);
    expect(Math.abs(loss.item() as number - each.loss) / each.loss).toBeLessThan(1e-5);
    loss.backward();
    const parameters = new Map(model.namedParameters());
    for (const [name, gradient] of Object.entries(each.grads)) {
      expect(furthest(parameters.get(name)!.grad!, gradient), name).toBeLessThan(1e-5);
    }
  });

  test.skipIf(each.generated === undefined)("generates PyTorch's tokens, together or alone", async () => {
    const model = modelOf(each) as CausalLanguageModel | T5ForConditionalGeneration;
    const rows = each.inputs.ids.map((row, i) => row.slice(0, each.inputs.mask[i]!.reduce((a, b) => a + b)));
    const options = { maxNewTokens: 10, eosTokenId: null };
    expect((await model.generate(rows, options)).tokens).toEqual(each.generated);
    expect((await model.generate([rows[1]!], options)).tokens).toEqual([each.generated![1]]);
    expect((await model.generate(rows, { ...options, numBeams: 1, doSample: true, topK: 1 })).tokens).toEqual(
      each.generated,
    );
  });
});
