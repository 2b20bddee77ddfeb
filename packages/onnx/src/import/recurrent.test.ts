import { noGrad } from "@heddle/autograd";
import { Generator, randn, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { exportOnnx } from "../export/export_onnx.ts";
import { readModel } from "../proto.ts";
import { type Attribute, modelOf, tensorOf, valueOf } from "../testing/build_model.ts";
import { importOnnx } from "./import_onnx.ts";

const [steps, batch, features, hidden] = [4, 3, 2, 5];

/** A node in both directions, with biases and random weights that depend on the kind alone. */
function recurrent(op: string, attributes: Readonly<Record<string, Attribute>>, lengths: boolean): Uint8Array {
  const blocks = { LSTM: 4, GRU: 3, RNN: 1 }[op]!;
  const generator = new Generator(op.length);
  const weight = (name: string, ...shape: number[]) =>
    tensorOf(name, shape, [...randn(shape, { generator }).div(2).toTypedArray("float32")]);
  return modelOf({
    nodes: [[op, ["x", "w", "r", "b", ...lengths ? ["lengths"] : []], ["y", "h"], {
      direction: "bidirectional",
      hidden_size: BigInt(hidden),
      ...attributes,
    }]],
    inputs: ["x", ...lengths ? [valueOf("lengths", "int64", [batch])] : []],
    outputs: ["y", "h"],
    initializers: [
      weight("w", 2, blocks * hidden, features),
      weight("r", 2, blocks * hidden, hidden),
      weight("b", 2, 2 * blocks * hidden),
    ],
  });
}

/** Outputs and gradients. */
async function results(bytes: Uint8Array, x: Tensor, lengths: number[] | null): Promise<Tensor[]> {
  const model = await importOnnx(bytes);
  const { y, h } = model.forward({ x, ...lengths && { lengths } });
  const probe = (of: Tensor) => of.mul(randn(of.shape, { generator: new Generator(1) })).sum();
  probe(y!).add(probe(h!)).backward();
  return [y!, h!, ...model.parameters().map(({ grad }) => grad!)];
}

describe("recurrent layers", () => {
  const kinds: [op: string, attributes: Record<string, Attribute>][] = [
    ["LSTM", {}],
    ["GRU", { linear_before_reset: 1n }],
    ["RNN", {}],
  ];
  test.each(kinds)("%s: Heddle's layer and single operations give the same, gradients included", async (op, own) => {
    for (const lengths of [null, [4, 0, 2]]) {
      const x = randn([steps, batch, features], { generator: new Generator(2) });
      // So large a limit changes nothing, but no layer has one.
      const single = await results(recurrent(op, { ...own, clip: 1e6 }, lengths !== null), x, lengths);
      if (lengths !== null) x.select(1, 1).fill_(NaN);
      const layer = await results(recurrent(op, own, lengths !== null), x, lengths);
      expect(layer).toHaveLength(5);
      layer.forEach((value, i) => {
        const scale = Math.max(1, single[i]!.abs().amax().item());
        expect(value.sub(single[i]!).abs().amax().item() / scale, `${i}`).toBeLessThan(1e-5);
      });
    }
  });

  test.each(kinds)("%s: what was imported is exported as the same operator", async (op, own) => {
    const model = await importOnnx(recurrent(op, own, false));
    const x = randn([steps, batch, features]);
    const fn = (x: Tensor) => model.forward({ x })["y"]!;
    const bytes = await exportOnnx(fn, x);
    expect(readModel(bytes).graph!.node.filter(({ opType }) => opType === op)).toHaveLength(2);
    const again = await importOnnx(bytes);
    expect(noGrad(() => again.forward(x).sub(fn(x)).abs().amax().item())).toBeLessThan(1e-6);
  });

  test("activations of unknown names are refused", async () => {
    for (const name of ["Sine", "constructor"]) {
      const model = await importOnnx(recurrent("RNN", { activations: ["Tanh", name] }, false));
      expect(() => model.forward({ x: randn([steps, batch, features]) })).toThrow(
        `the activation "${name}" is not known`,
      );
    }
  });
});
