/** Small networks of several kinds, with steps that train them. */
import {
  BatchNorm2d,
  Conv2d,
  CRF,
  Dropout,
  Embedding,
  Flatten,
  functional as F,
  LayerNorm,
  LearnedPositions,
  Linear,
  LSTM,
  MaxPool2d,
  Module,
  ReLU,
  Sequential,
  Tanh,
  TransformerEncoder,
  TransformerEncoderLayer,
} from "@heddle/nn";
import { Adagrad, Adam, AdamW, clipGradNorm_, type Optimizer, SGD } from "@heddle/optim";
import { manualSeed, ones, randint, randn, type Tensor } from "@heddle/tensor";

/** A network with an optimiser, a step and batches. */
export interface Training {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly step: (...args: Tensor[]) => Tensor;
  readonly batch: () => Tensor[];
}

type OptimizerOf = (params: Tensor[]) => Optimizer;

function training(
  model: Module,
  optimizerOf: OptimizerOf,
  lossOf: (...args: Tensor[]) => Tensor,
  batch: () => Tensor[],
  clip = Infinity,
): Training {
  const optimizer = optimizerOf([...model.parameters()]);
  return {
    model,
    optimizer,
    batch,
    step: (...args) => {
      const loss = lossOf(...args);
      optimizer.zeroGrad();
      loss.backward();
      if (clip < Infinity) clipGradNorm_(model.parameters(), clip);
      optimizer.step();
      return loss;
    },
  };
}

const sgd: OptimizerOf = (params) => new SGD(params, { lr: 0.02 }) as unknown as Optimizer;
const momentum: OptimizerOf = (params) =>
  new SGD(params, { lr: 0.02, momentum: 0.9, weightDecay: 1e-4 }) as unknown as Optimizer;
const adam: OptimizerOf = (params) => new Adam(params, { lr: 0.003 }) as unknown as Optimizer;
const adamW: OptimizerOf = (params) => new AdamW(params, { lr: 0.003 }) as unknown as Optimizer;

function tabular(optimizerOf: OptimizerOf): Training {
  const model = new Sequential(new Linear(16, 64), new ReLU(), new Linear(64, 64), new ReLU(), new Linear(64, 1));
  return training(
    model,
    optimizerOf,
    (x, y) => F.mseLoss(model.forward(x!), y!),
    () => [randn([32, 16]), randn([32, 1])],
  );
}

function images(model: Sequential, size: number, batch: number, channels: number, optimizerOf: OptimizerOf): Training {
  return training(
    model,
    optimizerOf,
    (x, labels) => F.crossEntropy(model.forward(x!), labels!),
    () => [randn([batch, channels, size, size]), randint(0, 10, [batch])],
  );
}

class Forecast extends Module {
  readonly lstm: LSTM = new LSTM(8, 32);
  readonly out: Linear = new Linear(32, 1);
  forward(x: Tensor): Tensor {
    const [y] = this.lstm.forward(x);
    return this.out.forward(y.select(0, -1));
  }
}

class Tagger extends Module {
  readonly words: Embedding = new Embedding(100, 16);
  readonly lstm: LSTM = new LSTM(16, 16, { bidirectional: true, batchFirst: true });
  readonly out: Linear = new Linear(32, 9);
  readonly crf: CRF = new CRF(9, { batchFirst: true });
  loss(words: Tensor, tags: Tensor, mask: Tensor): Tensor {
    const [y] = this.lstm.forward(this.words.forward(words));
    return this.crf.forward(this.out.forward(y), tags, { mask, reduction: "mean" }).neg();
  }
}

class Block extends Module {
  readonly conv1: Conv2d;
  readonly norm1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly norm2: BatchNorm2d;
  constructor(channels: number) {
    super();
    const options = { padding: 1, bias: false } as const;
    this.conv1 = new Conv2d(channels, channels, 3, options);
    this.norm1 = new BatchNorm2d(channels);
    this.conv2 = new Conv2d(channels, channels, 3, options);
    this.norm2 = new BatchNorm2d(channels);
  }
  forward(x: Tensor): Tensor {
    const y = this.norm1.after(this.conv1, x, { activation: "relu" });
    return this.norm2.after(this.conv2, y, { residual: x, activation: "relu" });
  }
}

class Pooled extends Module {
  forward(x: Tensor): Tensor {
    return x.mean([2, 3]);
  }
}

class Gpt extends Module {
  readonly tokens: Embedding = new Embedding(65, 32);
  readonly positions: LearnedPositions = new LearnedPositions(32, 16);
  readonly drop: Dropout = new Dropout(0.1);
  readonly layers: TransformerEncoder;
  readonly output: Linear = new Linear(32, 65);
  constructor() {
    super();
    const options = {
      dimFeedforward: 64,
      dropout: 0.1,
      activation: "gelu",
      batchFirst: true,
      normFirst: true,
    } as const;
    this.layers = new TransformerEncoder(() => new TransformerEncoderLayer(32, 4, options), 2, {
      norm: new LayerNorm(32),
    });
  }
  forward(read: Tensor): Tensor {
    const x = this.drop.forward(this.positions.forward(this.tokens.forward(read)));
    return this.output.forward(this.layers.forward(x, { isCausal: true }));
  }
}

/** The trainings by name. Each begins with the same seed. */
export const trainings: Readonly<Record<string, () => Training>> = {
  "tabular, SGD": () => tabular(sgd),
  "tabular, momentum": () => tabular(momentum),
  "tabular, Adam": () => tabular(adam),
  "tabular, Adagrad with weight decay": () =>
    tabular((params) => new Adagrad(params, { lr: 0.01, weightDecay: 1e-3, lrDecay: 0.1 }) as unknown as Optimizer),
  "LSTM": () => {
    const model = new Forecast();
    return training(
      model,
      adam,
      (x, y) => F.mseLoss(model.forward(x!), y!),
      () => [randn([12, 8, 8]), randn([8, 1])],
      1,
    );
  },
  "CRF tagger": () => {
    const model = new Tagger();
    return training(
      model,
      adam,
      (words, tags, mask) => model.loss(words!, tags!, mask!),
      () => [randint(0, 100, [4, 7]), randint(0, 9, [4, 7]), ones([4, 7], { dtype: "bool" })],
    );
  },
  "LeNet-5": () =>
    images(
      new Sequential(
        new Conv2d(1, 6, 5, { padding: 2 }),
        new Tanh(),
        new MaxPool2d(2),
        new Conv2d(6, 16, 5),
        new Tanh(),
        new MaxPool2d(2),
        new Flatten(),
        new Linear(400, 84),
        new Tanh(),
        new Linear(84, 10),
      ),
      28,
      4,
      1,
      sgd,
    ),
  "convnet": () =>
    images(
      new Sequential(
        new Conv2d(1, 8, 3, { padding: 1 }),
        new BatchNorm2d(8),
        new ReLU(),
        new MaxPool2d(2),
        new Conv2d(8, 16, 3, { padding: 1 }),
        new ReLU(),
        new MaxPool2d(2),
        new Flatten(),
        new Dropout(0.3),
        new Linear(784, 10),
      ),
      28,
      6,
      1,
      adamW,
    ),
  "residual network": () =>
    images(
      new Sequential(
        new Conv2d(3, 16, 3, { padding: 1 }),
        new Block(16),
        new Block(16),
        new Pooled(),
        new Linear(16, 10),
      ),
      16,
      2,
      3,
      momentum,
    ),
  "GPT with dropout": () => {
    const model = new Gpt();
    return training(
      model,
      adamW,
      (read, next) => F.crossEntropy(model.forward(read!).flatten(0, 1), next!.flatten()),
      () => [randint(0, 65, [2, 16]), randint(0, 65, [2, 16])],
      1,
    );
  },
};

/** A training from a fixed seed. */
export function begin(name: string): Training {
  manualSeed(3);
  return trainings[name]!();
}
