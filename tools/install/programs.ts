// What the projects of the installation test run, and what they must print.

/** Trains a small network and prints its losses, the first one and every twentieth. */
export const TRAINING = `import { Linear, ReLU, Sequential } from "@heddle/nn";
import * as F from "@heddle/nn/functional";
import { Adam } from "@heddle/optim";
import { manualSeed, rand, scope } from "@heddle/tensor";

manualSeed(0);
const points = rand([256, 2]).mul(2).sub(1);
const labels = points.square().sum(1).lt(0.5).int();
const model = new Sequential(new Linear(2, 16), new ReLU(), new Linear(16, 2));
const optimizer = new Adam(model.parameters(), { lr: 0.02 });
const losses: number[] = [];
for (let step = 0; step <= 100; step++) {
  using _ = scope();
  const loss = F.crossEntropy(model.forward(points), labels);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
  if (step % 20 === 0) losses.push(loss.item());
}
console.log("losses " + losses.map((loss) => loss.toFixed(4)).join(" "));
`;

/** Imports every entry point, and prints how many there are. */
export function importsOf(entries: readonly string[]): string {
  const imports = entries.map((entry, i) => `import * as entry${i} from "${entry}";\n`).join("");
  return `${imports}const entries: object[] = [${entries.map((_, i) => `entry${i}`).join(", ")}];\n` +
    `console.log("imported " + entries.filter((entry) => Object.keys(entry) !== undefined).length);\n`;
}

/** The losses that a program printed. @throws Error when it printed none */
export function lossesIn(output: string): number[] {
  const found = /losses ([\d. ]+\d)/.exec(output)?.[1];
  if (found === undefined) throw new Error(`the program printed no losses:\n${output}`);
  return found.split(" ").map(Number);
}
