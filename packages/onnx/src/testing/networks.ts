/** Small networks of the usual kinds, which are exported. */
import * as nn from "@heddle/nn";
import { arange, Generator, randint, randn, type Tensor } from "@heddle/tensor";
import type { ExportOptions } from "../export/export_onnx.ts";

/** A network, an input for it, and inputs of other sizes along its dynamic axes. */
export interface Exported {
  readonly name: string;
  readonly model: nn.Module;
  readonly example: Tensor;
  readonly others: readonly Tensor[];
  readonly options: ExportOptions;
}

/** A residual block of a ResNet. */
class Block extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm2d;
  readonly conv2: nn.Conv2d;
  readonly bn2: nn.BatchNorm2d;
  readonly down: nn.Sequential | null;

  constructor(from: number, to: number, stride: number, generator: Generator) {
    super();
    this.conv1 = new nn.Conv2d(from, to, 3, { stride, padding: 1, bias: false, generator });
    this.bn1 = new nn.BatchNorm2d(to);
    this.conv2 = new nn.Conv2d(to, to, 3, { padding: 1, bias: false, generator });
    this.bn2 = new nn.BatchNorm2d(to);
    this.down = stride === 1
      ? null
      : new nn.Sequential(new nn.Conv2d(from, to, 1, { stride, bias: false, generator }), new nn.BatchNorm2d(to));
  }

  forward(x: Tensor): Tensor {
    const y = this.bn2.forward(this.conv2.forward(this.bn1.forward(this.conv1.forward(x)).relu()));
    return y.add(this.down?.forward(x) ?? x).relu();
  }
}

class ResNet extends nn.Module {
  readonly stem: nn.Sequential;
  readonly blocks: nn.Sequential;
  readonly head: nn.Sequential;

  constructor(generator: Generator) {
    super();
    this.stem = new nn.Sequential(
      new nn.Conv2d(3, 8, 7, { stride: 2, padding: 3, bias: false, generator }),
      new nn.BatchNorm2d(8),
      new nn.ReLU(),
      new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
    );
    this.blocks = new nn.Sequential(
      ...[[8, 8, 1], [8, 16, 2], [16, 16, 1], [16, 32, 2]].map(([from, to, stride]) =>
        new Block(from!, to!, stride!, generator)
      ),
    );
    this.head = new nn.Sequential(new nn.AdaptiveAvgPool2d(1), new nn.Flatten(), new nn.Linear(32, 10, { generator }));
  }

  forward(x: Tensor): Tensor {
    return this.head.forward(this.blocks.forward(this.stem.forward(x)));
  }
}

/** A recurrent layer with a linear layer on top, and its states. */
class Tagger<L extends nn.LSTM | nn.GRU> extends nn.Module {
  readonly recurrent: L;
  readonly head: nn.Linear;

  constructor(recurrent: L, features: number, generator: Generator) {
    super();
    this.recurrent = recurrent;
    this.head = new nn.Linear(features, 3, { generator });
  }

  forward(x: Tensor): unknown {
    const [output, states] = this.recurrent.forward(x);
    return { tags: this.head.forward(output), states };
  }
}

class Gpt extends nn.Module {
  readonly tokens: nn.Embedding;
  readonly positions: nn.Embedding;
  readonly blocks: nn.ModuleList;
  readonly norm: nn.LayerNorm;

  constructor(generator: Generator) {
    super();
    this.tokens = new nn.Embedding(11, 16, { generator });
    this.positions = new nn.Embedding(32, 16, { generator });
    this.blocks = new nn.ModuleList([0, 1].map(() =>
      new nn.TransformerEncoderLayer(16, 4, {
        dimFeedforward: 32,
        batchFirst: true,
        normFirst: true,
        activation: "gelu",
        generator,
      })
    ));
    this.norm = new nn.LayerNorm(16);
  }

  forward(tokens: Tensor): Tensor {
    const places = arange(tokens.shape[1]!, { dtype: "int32", device: tokens.device });
    let x = this.tokens.forward(tokens).add(this.positions.forward(places));
    for (const block of this.blocks) x = (block as nn.TransformerEncoderLayer).forward(x, { isCausal: true });
    // The output layer shares its weight with the embedding.
    return nn.functional.linear(this.norm.forward(x), this.tokens.weight);
  }
}

/** The networks, with random weights and statistics, in evaluation mode. */
export function networks(): Exported[] {
  const generator = new Generator(7);
  const random = (...shape: number[]) => randn(shape, { generator });
  const tokens = (...shape: number[]) => randint(0, 11, shape, { generator });
  const batch: ExportOptions = { dynamicAxes: { input: { 0: "batch" } } };
  const sequence: ExportOptions = { dynamicAxes: { input: { 0: "batch", 1: "length" } } };
  const made: Exported[] = [
    {
      name: "mlp",
      model: new nn.Sequential(new nn.Linear(4, 8, { generator }), new nn.ReLU(), new nn.Linear(8, 3, { generator })),
      example: random(2, 4),
      others: [random(5, 4)],
      options: batch,
    },
    {
      name: "lenet",
      model: new nn.Sequential(
        new nn.Conv2d(1, 6, 5, { padding: 2, generator }),
        new nn.Tanh(),
        new nn.AvgPool2d(2),
        new nn.Conv2d(6, 16, 5, { generator }),
        new nn.Tanh(),
        new nn.MaxPool2d(2),
        new nn.Flatten(),
        new nn.Linear(400, 10, { generator }),
        new nn.Softmax(1),
      ),
      example: random(2, 1, 28, 28),
      others: [random(1, 1, 28, 28)],
      options: batch,
    },
    {
      name: "resnet",
      model: new ResNet(generator),
      example: random(2, 3, 32, 32),
      others: [random(1, 3, 48, 40)],
      options: { dynamicAxes: { input: { 0: "batch", 2: "height", 3: "width" } } },
    },
    {
      name: "lstm of two layers in both directions",
      model: new Tagger(
        new nn.LSTM(5, 7, { numLayers: 2, bidirectional: true, batchFirst: true, generator }),
        14,
        generator,
      ),
      example: random(2, 4, 5),
      others: [random(3, 6, 5)],
      options: { ...sequence, outputNames: ["tags", "h", "c"] },
    },
    {
      name: "gru",
      model: new Tagger(new nn.GRU(5, 7, { batchFirst: true, generator }), 7, generator),
      example: random(2, 4, 5),
      others: [random(3, 6, 5)],
      options: { ...sequence, outputNames: ["tags", "h"] },
    },
    {
      name: "transformer encoder",
      model: new nn.TransformerEncoder(
        () => new nn.TransformerEncoderLayer(16, 4, { dimFeedforward: 32, batchFirst: true, generator }),
        2,
      ),
      example: random(2, 5, 16),
      others: [random(3, 8, 16)],
      options: sequence,
    },
    {
      name: "gpt",
      model: new Gpt(generator),
      example: tokens(2, 4),
      others: [tokens(1, 9)],
      options: sequence,
    },
  ];
  for (const { model } of made) {
    for (const [name, buffer] of model.namedBuffers()) {
      if (name.endsWith("running_mean")) buffer.copy_(randn(buffer.shape, { generator }));
      if (name.endsWith("running_var")) buffer.copy_(randn(buffer.shape, { generator }).exp());
    }
    model.eval();
  }
  return made;
}

/** The tensors that a network returned, in order. */
export function tensorsOf(returned: unknown): Tensor[] {
  if (typeof returned !== "object" || returned === null) return [];
  if ("toTypedArray" in returned) return [returned as Tensor];
  return Object.values(returned).flatMap(tensorsOf);
}
