import { noGrad } from "@heddle/autograd";
import { ones, randn, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { families } from "../operators/table.ts";
import { type Attribute, modelOf, type NodeFields, nodeOf, tensorOf, valueOf } from "../testing/build_model.ts";
import type { Graph } from "./graph.ts";
import { importOnnx } from "./import_onnx.ts";
import type { OnnxModule } from "./onnx_module.ts";

function graphOf(model: OnnxModule): Graph {
  return (model as unknown as { program: { graph: Graph } }).program.graph;
}

/** The operators of each group, in the order of the nodes. */
function groupsOf(model: OnnxModule): string[] {
  return [...graphOf(model).groups].sort(([a], [b]) => a - b).map(([, { nodes }]) =>
    nodes.map(({ op }) => op).join(" ")
  );
}

/** Runs the nodes one by one. */
function singly<T>(model: OnnxModule, run: () => T): T {
  const graph = graphOf(model);
  const { groups } = graph;
  graph.groups = new Map();
  try {
    return run();
  } finally {
    graph.groups = groups;
  }
}

const special = [
  -Infinity,
  -1e30,
  -7,
  -3,
  -2.5,
  -1,
  -0.5,
  -1e-8,
  -0,
  0,
  1e-8,
  0.2,
  0.5,
  1,
  2.5,
  3,
  6,
  7,
  1e30,
  Infinity,
  NaN,
];

/** Inputs after the first: numbers of the model. */
const more: Readonly<Record<string, readonly number[]>> = {
  Pow: [2],
  "Clip 6": [],
  Clip: [-1, 2.5],
  Add: [3],
  Sub: [3],
  Mul: [3],
  Div: [3],
};
const attributes: Readonly<Record<string, Readonly<Record<string, Attribute>>>> = {
  "Clip 6": { min: -1, max: 2.5 },
  HardSigmoid: { alpha: 0.3, beta: 0.4 },
  LeakyRelu: { alpha: 0.1 },
};

describe("expressions have the values and gradients of their nodes", () => {
  const cases = Object.values(families).flatMap((family) => Object.entries(family)).flatMap(([op, versions]) =>
    Object.entries(versions).filter(([, { pointwise }]) => pointwise !== undefined).map((
      [since],
    ) => [op, Number(since)])
  ) as [string, number][];

  test.for(cases)("%s of operator set %i", async ([op, since]) => {
    const numbers = more[`${op} ${since}`] ?? more[op] ?? [];
    const given = attributes[`${op} ${since}`] ?? attributes[op] ?? {};
    const model = await importOnnx(modelOf({
      nodes: [[op, ["x", ...numbers.map((_, i) => `n${i}`)], ["y"], given]],
      initializers: numbers.map((n, i) => tensorOf(`n${i}`, [], [n])),
      opset: Math.max(since, 7),
    }));
    expect(groupsOf(model)).toEqual([op]);
    const x: Tensor = tensor(special, { requiresGrad: true });
    const run = (): [unknown, unknown] => {
      x.grad = null;
      const y = model.forward(x);
      y.sum().backward();
      return [y.toArray(), x.grad!.toArray()];
    };
    expect(run()).toEqual(singly(model, run));
  });

  test("numbers come first in Add, Sub and Mul, and there is no expression of a number divided", async () => {
    for (const [op, value] of [["Add", 7], ["Sub", -1], ["Mul", 12]] as const) {
      const model = await importOnnx(
        modelOf({ nodes: [[op, ["three", "x"], ["y"]]], initializers: [tensorOf("three", [], [3])] }),
      );
      expect(groupsOf(model)).toEqual([op]);
      expect(model.forward(tensor([4])).toArray()).toEqual([value]);
    }
    const model = await importOnnx(
      modelOf({ nodes: [["Div", ["three", "x"], ["y"]]], initializers: [tensorOf("three", [], [3])] }),
    );
    expect(groupsOf(model)).toEqual([]);
    expect(model.forward(tensor([4])).toArray()).toEqual([0.75]);
  });
});

const scalar = (name: string, value: number) => tensorOf(name, [], [value]);
const vector = (name: string, values: readonly number[]) => tensorOf(name, [values.length], values);

/** The groups of a model of these nodes. */
async function found(
  nodes: readonly NodeFields[],
  { inputs = ["x"], outputs = ["y"], initializers = [] }: Partial<Parameters<typeof modelOf>[0]> = {},
): Promise<string[]> {
  const numbers = [scalar("half", 0.5), scalar("one", 1), scalar("three", 3), scalar("six", 6), scalar("zero", 0)];
  return groupsOf(await importOnnx(modelOf({ nodes, inputs, outputs, initializers: [...numbers, ...initializers] })));
}

describe("what is computed together", () => {
  test("chains of element-wise nodes, wherever they stand in the file", async () => {
    expect(
      await found([
        ["Add", ["x", "three"], ["a"]],
        ["Softmax", ["x"], ["other"]],
        ["Clip", ["a", "zero", "six"], ["b"]],
        ["Mul", ["x", "b"], ["c"]],
        ["Div", ["c", "six"], ["d"]],
        ["Add", ["other", "d"], ["y"]],
      ]),
    ).toEqual(["Add Clip Mul Div Add"]);
  });

  test("not what others use, or what leaves the graph", async () => {
    const nodes = [["Relu", ["x"], ["a"]], ["Neg", ["a"], ["y"]]] as const;
    expect(await found(nodes)).toEqual(["Relu Neg"]);
    expect(await found(nodes, { outputs: ["y", "a"] })).toEqual(["Relu", "Neg"]);
    expect(await found([...nodes, ["Softmax", ["a"], ["z"]]], { outputs: ["y", "z"] })).toEqual(["Relu", "Neg"]);
  });

  test("costly functions, unless their result is broadcast", async () => {
    const gelu = [
      ["Div", ["x", "three"], ["a"]],
      ["Erf", ["a"], ["b"]],
      ["Add", ["b", "one"], ["c"]],
      ["Mul", ["x", "c"], ["d"]],
      ["Mul", ["d", "half"], ["y"]],
    ] as const;
    expect(await found(gelu)).toEqual(["Div Erf Add Mul Mul"]);
    const gate = [["Sigmoid", ["s"], ["g"]], ["Mul", ["x", "g"], ["y"]]] as const;
    expect(await found(gate, { inputs: ["x", "s"] })).toEqual(["Sigmoid", "Mul"]);
    expect(await found([["HardSigmoid", ["s"], ["g"]], gate[1]], { inputs: ["x", "s"] })).toEqual(["HardSigmoid Mul"]);
  });

  test("no more tensors than a device can bind", async () => {
    const inputs = Array.from({ length: 10 }, (_, i) => `x${i}`);
    const nodes = inputs.slice(1).map((
      name,
      i,
    ): NodeFields => ["Add", [i === 0 ? "x0" : `s${i}`, name], [i === 8 ? "y" : `s${i + 1}`]]);
    expect(await found(nodes, { inputs })).toEqual(["Add Add Add", "Add Add Add Add Add Add"]);
  });

  test("a value that a graph within a node uses is kept", async () => {
    const inner = (op: string) => ({
      graph: { name: op, node: [nodeOf([op, ["a"], ["r"]])], output: [valueOf("r")] },
    });
    const bytes = modelOf({
      nodes: [
        ["Relu", ["x"], ["a"]],
        ["Neg", ["a"], ["b"]],
        ["If", ["c"], ["d"], { then_branch: inner("Exp"), else_branch: inner("Neg") }],
        ["Add", ["b", "d"], ["y"]],
      ],
      inputs: ["x", valueOf("c", "bool", [])],
    });
    const model = await importOnnx(bytes);
    expect(groupsOf(model)).toEqual(["Relu", "Neg Add"]);
    expect(model.forward(tensor([1, 2]), tensor(false)).toArray()).toEqual([-2, -4]);
  });

  test("integers and values on the host run node by node", async () => {
    const model = await importOnnx(modelOf({
      nodes: [["Add", ["x", "x"], ["a"]], ["Neg", ["a"], ["y"]]],
      inputs: [valueOf("x", "int64", [2])],
    }));
    expect(groupsOf(model)).toEqual(["Add Neg"]);
    expect(model.forward(tensor([1n, 2n])).toArray()).toEqual([-2, -4]);
  });

  test("an error names the node", async () => {
    const model = await importOnnx(modelOf({
      nodes: [["Relu", ["x"], ["a"]], ["Add", ["a", "z"], ["b"]], ["Neg", ["b"], ["y"]]],
      inputs: ["x", "z"],
    }));
    expect(() => model.forward(ones([2]), ones([3]))).toThrow(/^ONNX model: node Add\(a, z\): /);
  });
});

describe("convolutions", () => {
  const statistics = ["scale", "shift", "mean", "var"];
  const initializers = [
    tensorOf("w", [2, 1, 2, 2], [1, -2, 3, 4, -5, 6, 0.5, 1]),
    vector("scale", [2, -1]),
    vector("shift", [0.5, 1]),
    vector("mean", [1, -2]),
    vector("var", [4, 0.25]),
  ];
  const nodes = [
    ["Conv", ["x", "w"], ["c"], { pads: [1n, 0n, 0n, 1n] }],
    ["BatchNormalization", ["c", ...statistics], ["n"], { epsilon: 0.125 }],
    ["Relu", ["n"], ["y"]],
  ] as const;
  const x = (): Tensor => randn([2, 1, 4, 5]);

  test("one product with the normalisation and Relu, in evaluation without gradients", async () => {
    const model = await importOnnx(modelOf({ nodes, initializers }));
    expect(groupsOf(model)).toEqual(["Conv BatchNormalization Relu"]);
    const input = x();
    const both = (): [Tensor, Tensor] =>
      noGrad(() => [model.forward(input), singly(model, () => model.forward(input))]);
    const [fused, single] = both();
    expect(fused.allclose(single, { rtol: 1e-5, atol: 1e-5 })).toBe(true);
    expect(fused.equal(single)).toBe(false); // the weights are other ones
    noGrad(() => model.stateDict()["scale"]!.mul_(3));
    const [after, singleAfter] = both();
    expect(after.allclose(singleAfter, { rtol: 1e-5, atol: 1e-5 })).toBe(true);
    expect(after.allclose(fused)).toBe(false);
  });

  test("nodes run one by one where gradients are recorded, and in training", async () => {
    const model = await importOnnx(modelOf({ nodes, initializers }));
    const input = x();
    model.forward(input).sum().backward();
    const gradient = model.parameters()[0]!.grad!.clone();
    model.zeroGrad();
    singly(model, () => model.forward(input)).sum().backward();
    expect(model.parameters()[0]!.grad!.equal(gradient!)).toBe(true);
    model.train();
    const before = model.stateDict()["mean"]!.toArray();
    noGrad(() => model.forward(input));
    expect(model.stateDict()["mean"]!.toArray()).not.toEqual(before);
  });

  test("Relu alone, and a sum of branches after them", async () => {
    expect(await found([["Conv", ["x", "w"], ["c"]], ["Relu", ["c"], ["y"]]], { initializers })).toEqual(["Conv Relu"]);
    expect(
      await found([
        ["Conv", ["x", "w"], ["c"]],
        ["BatchNormalization", ["c", ...statistics], ["n"]],
        ["Add", ["n", "x"], ["s"]],
        ["Relu", ["s"], ["y"]],
      ], { initializers }),
    ).toEqual(["Conv BatchNormalization", "Add Relu"]);
  });

  test("a computed weight is not fused", async () => {
    expect(
      await found([["Softmax", ["w"], ["v"]], ["Conv", ["x", "v"], ["c"]], ["Relu", ["c"], ["y"]]], { initializers }),
    )
      .toEqual(["Relu"]);
  });
});
