/**
 * The whole way of docs/journey.md: a network that PyTorch trained is read, fine-tuned by adapters, exported and run by ONNX Runtime, and goes
 * back into PyTorch.
 *
 * @module-tag once
 */
import { noGrad } from "@heddle/autograd";
import { addLora, mergeLora, removeLora } from "@heddle/models/lora";
import { BatchNorm2d, Conv2d, Flatten, functional as F, Linear, MaxPool2d, ReLU, Sequential } from "@heddle/nn";
import { exportOnnx } from "@heddle/onnx";
import { Adam } from "@heddle/optim";
import { load, save } from "@heddle/store";
import { Generator, scope, type Tensor } from "@heddle/tensor";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { FixtureTensor } from "../load.ts";
import { fromFixture } from "../recorded_tensors.ts";
import { hasRuntime, runModel } from "./runtime.ts";

const recorded = fileURLToPath(new URL("./fixtures/", import.meta.url));
const python = "/usr/bin/python3";
const hasTorch = spawnSync(python, ["-c", "import torch"]).status === 0;
if (!hasTorch) console.warn("the way back into PyTorch is skipped: Python has no torch package");

const network = (): Sequential =>
  new Sequential(
    new Conv2d(1, 4, 3, { padding: 1 }),
    new BatchNorm2d(4),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Linear(64, 16),
    new ReLU(),
    new Linear(16, 3),
  );

/** Reads a state dict into the network in PyTorch, and prints its outputs for the recorded images. */
const back = `
import base64, json, pathlib, sys
import numpy, torch
from torch import nn
recorded = json.loads((pathlib.Path(sys.argv[1]) / "journey.json").read_text())["images"]
images = torch.from_numpy(numpy.frombuffer(base64.b64decode(recorded["data"]), dtype="<f4").copy()).reshape(recorded["shape"])
model = nn.Sequential(
    nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 3),
)
model.load_state_dict(torch.load(sys.argv[2]))
print(json.dumps(model.eval()(images).flatten().tolist()))
`;

const distance = (a: Tensor, b: Tensor): number => a.sub(b).abs().amax().item();

test("from PyTorch to ONNX Runtime, and back into PyTorch", async () => {
  const folder = mkdtempSync(join(tmpdir(), "heddle-journey-"));
  try {
    const cases = JSON.parse(readFileSync(`${recorded}journey.json`, "utf8")) as Record<string, FixtureTensor>;
    const [images, labels, wanted] = [cases["images"]!, cases["labels"]!, cases["outputs"]!].map((x) =>
      fromFixture(x)
    ) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const model = network();
    model.loadStateDict(await load(`${recorded}journey.pth`));
    model.eval();
    expect(distance(noGrad(() => model.forward(images)), wanted)).toBeLessThan(1e-5);

    // The new task: the second and the third class are exchanged.
    const swapped = labels.neg().remainder(3);
    const before = model.stateDict()["5.weight"]!.clone();
    addLora(model, { rank: 4, alpha: 8, targets: ["5", "7"], generator: new Generator(5) });
    const optimizer = new Adam(model.parameters(), { lr: 0.03 });
    const losses: number[] = [];
    for (let step = 0; step < 60; step++) {
      using _ = scope();
      const loss = F.crossEntropy(model.forward(images), swapped);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      losses.push(loss.item());
    }
    expect(losses.at(-1)).toBeLessThan(0.2 * losses[0]!);
    mergeLora(model);
    removeLora(model, { keepMerged: true });
    expect(distance(model.stateDict()["5.weight"]!, before)).toBeGreaterThan(1e-3);

    const outputs = noGrad(() => model.forward(images));
    const bytes = await exportOnnx(model, images.narrow(0, 0, 2), { dynamicAxes: { input: { 0: "batch" } } });
    if (hasRuntime) {
      const [found] = await runModel(bytes, [images]);
      expect(distance(found![0]!, outputs)).toBeLessThan(1e-5);
    }

    await save(model, join(folder, "tuned.safetensors"));
    const again = network();
    again.loadStateDict(await load(join(folder, "tuned.safetensors")));
    expect(distance(noGrad(() => again.eval().forward(images)), outputs)).toBe(0);

    await save(again, join(folder, "tuned.pth"));
    if (!hasTorch) return;
    const { stdout, stderr } = spawnSync(python, ["-c", back, recorded, join(folder, "tuned.pth")], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const returned = JSON.parse(stdout) as number[];
    const expected = Array.from(outputs.toTypedArray(), Number);
    expect(Math.max(...returned.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
