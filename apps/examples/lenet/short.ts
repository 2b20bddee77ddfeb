// LeNet-5 on handwritten digits, without the runner: data, network, training, one line printed.
import { DataLoader, DrawnDigits } from "@heddle/data";
import { Conv2d, functional as F, Linear, Module } from "@heddle/nn";
import { SGD } from "@heddle/optim";
import { manualSeed, type Tensor } from "@heddle/tensor";
import { fit, Progress } from "@heddle/train";
import { ErrorPercent } from "../classification/error_percent.ts";

/** A modern LeNet-5: maps [n, 1, 28, 28] to logits [n, 10]. */
class LeNet extends Module {
  readonly c1: Conv2d = new Conv2d(1, 6, 5, { padding: 2 });
  readonly c3: Conv2d = new Conv2d(6, 16, 5);
  readonly c5: Linear = new Linear(400, 120);
  readonly f6: Linear = new Linear(120, 84);
  readonly output: Linear = new Linear(84, 10);

  forward(images: Tensor): Tensor {
    let x = F.maxPool2d(this.c1.forward(images).relu(), 2);
    x = F.maxPool2d(this.c3.forward(x).relu(), 2).flatten(1);
    x = this.f6.forward(this.c5.forward(x).relu()).relu();
    return this.output.forward(x);
  }
}

manualSeed(0);
const train = new DataLoader(new DrawnDigits({ size: 2000 }), { batchSize: 20, shuffle: true });
const test = new DataLoader(new DrawnDigits({ train: false, size: 500 }), { batchSize: 100 });
const model = new LeNet();

const history = await fit(model, train, {
  loss: F.crossEntropy,
  optimizer: new SGD(model.parameters(), { lr: 0.05, momentum: 0.9 }),
  epochs: 3,
  validation: test,
  metrics: { errorPercent: new ErrorPercent() },
  callbacks: [new Progress()],
});
console.log(`${history.last!["validationErrorPercent"]}% of the test digits are misclassified`);
