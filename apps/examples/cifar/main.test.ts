import { noGrad } from "@heddle/autograd";
import { load } from "@heddle/store";
import { memory } from "@heddle/tensor";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { dataset, loadColourImages } from "../colour_images/colour_images.ts";
import { errorPercent } from "../classification/predictions.ts";
import { predict } from "../classification/predict.ts";
import { runExample } from "../runner/example.ts";
import { cifar } from "./main.ts";
import { RECIPES } from "./networks/mod.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-cifar-")));
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs until a line with `crashAt` is printed, if one is given. */
async function run(out: string, line: string, crashAt = "never") {
  let stdout = "", said = "";
  const streams = {
    stdout: { write: (text: string) => stdout += text },
    stderr: {
      write: (text: string) => {
        said += text;
        if (text.includes(crashAt)) throw new Error("the power went");
      },
    },
  };
  const code = await runExample(cifar, [...line.split(" "), "--json", "--out", join(folder, out)], streams);
  return { code, said, figures: stdout === "" ? null : JSON.parse(stdout) };
}

describe("cifar", () => {
  test("learns generated digits, and its saved weights work", async () => {
    const { code, figures, said } = await run(
      "a",
      "--model mlp-1x512 --limit 300 --epochs 8 --batch 20 --augment crop",
    );
    expect(code).toBe(0);
    expect(figures).toMatchObject({
      model: "mlp-1x512",
      augment: "crop",
      parameters: 1_209_866,
      epochs: 8,
      steps: 120,
    });
    expect(figures.trainLoss[7]).toBeLessThan(0.7 * figures.trainLoss[0]);
    // Chance is 90%, with deviation 2; colour digits are hard for a perceptron.
    expect(figures.testErrorPercent).toBeLessThan(84);
    expect(said).toMatch(/total .* 1,209,866\n/);

    const network = RECIPES["mlp-1x512"].make();
    network.loadStateDict(await load(join(folder, "a", "mlp-1x512.safetensors")));
    const { test } = await loadColourImages(null, 300);
    expect(errorPercent(await predict(network, dataset(test)))).toBe(figures.testErrorPercent);

    const page = readFileSync(join(folder, "a", "index.html"), "utf8");
    for (const picture of ["error", "loss", "confusion", "misclassified", "augmented"]) {
      expect(page).toContain(`src="${picture}.svg"`);
      expect(readFileSync(join(folder, "a", `${picture}.svg`), "utf8")).toMatch(/^<svg /);
    }
    const metrics = readFileSync(join(folder, "a", "metrics.jsonl"), "utf8").trim().split("\n").map((l) =>
      JSON.parse(l)
    );
    expect(metrics.filter(({ seconds }) => seconds === undefined).map(({ step }) => step)).toEqual(
      Array.from({ length: 12 }, (_, i) => 10 * (i + 1)),
    );
    expect(metrics.at(-1)).toMatchObject({ step: 120, epoch: 8, testErrorPercent: figures.testErrorPercent });
  });

  test.each(["vgg", "resnet20", "alexnet"])("%s learns", { tags: ["long", "once"] }, async (model) => {
    const { figures } = await run(model, `--model ${model} --limit 32 --epochs 6 --batch 8 --lr 0.02`);
    expect(figures.trainLoss[5]).toBeLessThan(0.7 * figures.trainLoss[0]);
  });

  test("a batch in parts has the gradient of the whole", async () => {
    const losses = async (parts: number): Promise<number[]> =>
      (await run(`parts-${parts}`, `--model mlp-1x512 --limit 45 --epochs 3 --batch 15 --accumulate ${parts}`)).figures
        .trainLoss;
    const whole = await losses(1);
    (await losses(3)).forEach((loss, i) => expect(loss).toBeCloseTo(whole[i]!, 4));
  });

  test(
    "early stopping tests the best epoch's weights, from a tenth that nothing was learned from",
    { tags: ["once"] },
    async () => {
      // With such a high learning rate it soon gets worse.
      const { figures, said } = await run(
        "early",
        "--model mlp-1x512 --limit 100 --epochs 40 --early-stopping 3 --lr 0.3",
      );
      expect(said).toContain(`The weights of epoch ${figures.weightsOfEpoch}, the best on 10 held-out images.`);
      expect(figures.trainLoss).toHaveLength(figures.weightsOfEpoch + 3);
      expect(figures.trainLoss.length).toBeLessThan(40);
    },
  );

  test("the moving average of the weights is what is tested and written", async () => {
    const args = "--model mlp-1x512 --limit 60 --epochs 2 --batch 20";
    const plain = await run("plain", args), averaged = await run("averaged", `${args} --ema 0.9`);
    expect(averaged.figures.trainLoss).toEqual(plain.figures.trainLoss);
    const weights = (out: string) => load(join(folder, out, "mlp-1x512.safetensors"));
    const [a, b] = [await weights("plain"), await weights("averaged")];
    expect(Object.keys(b)).toEqual(Object.keys(a));
    const distance = noGrad(() => a["body.output.weight"]!.sub(b["body.output.weight"]!).abs().mean().item());
    expect(distance).toBeGreaterThan(0);
    expect(distance).toBeLessThan(0.1 * a["body.output.weight"]!.abs().mean().item());
  });

  test.each([
    ["", "--schedule one-cycle --dropout 0.3 --augment crop,flip,erase"],
    ["mixed images, ", "--schedule step --augment rotate,jitter,mixup --label-smoothing 0.1"],
    ["averages and early stopping, ", "--schedule exponential --augment cutout,cutmix --ema 0.8 --early-stopping 2"],
  ])("%sresume to the same bits", { tags: ["once"] }, async (_, options) => {
    const args = `--model mlp-3x512 --limit 60 --epochs 3 --batch 10 ${options}`;
    const whole = await run("whole", args);
    await expect(run("crashed", `${args} --checkpoint-every 4`, "50%")).rejects.toThrow("the power went");
    const resumed = await run("crashed", `${args} --resume`);
    expect(resumed.said).toMatch(/Resuming at step 8 of /);
    const over = await run("crashed", `${args} --resume`);
    for (const { figures } of [resumed, over]) {
      expect({ ...figures, secondsPerEpoch: 0 }).toEqual({ ...whole.figures, secondsPerEpoch: 0 });
    }
    const weights = (out: string) => readFileSync(join(folder, out, "mlp-3x512.safetensors"));
    expect(weights("crashed").equals(weights("whole"))).toBe(true);
  });

  test("a checkpoint of other options is refused", async () => {
    const args = "--model mlp-1x512 --limit 20 --epochs 1";
    await run("a", args);
    const { code, said } = await run("a", `${args} --resume --augment flip --dropout 0.1`);
    expect(code).toBe(2);
    expect(said).toMatch(/is of another training: .*augment none there, flip here/);
    expect(said).toMatch(/dropout 0 there, 0.1 here/);
  });

  test("--against and --repeat compare augmentations over seeds, and go on", { tags: ["long", "once"] }, async () => {
    const args = "--model mlp-1x512 --limit 60 --epochs 2 --batch 20 --seed 3 --repeat 2 --against crop,flip";
    const { figures } = await run("compare", args);
    expect(figures.seeds).toEqual([3, 4]);
    const [none, both] = figures.outcomes;
    expect([none.augment, both.augment]).toEqual(["none", "crop+flip"]);
    expect(none.mean).toBeCloseTo((none.testErrorPercent[0] + none.testErrorPercent[1]) / 2, 10);
    expect(figures.marginPercent).toBeCloseTo(none.mean - both.mean, 10);
    expect(figures.bestOfFirstMinusWorstOfSecond).toBe(none.best - both.worst);
    const alone = await run("alone", "--model mlp-1x512 --limit 60 --epochs 2 --batch 20 --seed 4 --augment crop,flip");
    expect(alone.figures.testErrorPercent).toBe(both.testErrorPercent[1]);
    expect(readFileSync(join(folder, "compare", "compare.svg"), "utf8")).toContain("mean and range of 2 seeds");

    const resumed = await run("compare", `${args} --resume`);
    expect(resumed.said.match(/step 6 of 6/g)).toHaveLength(4);
    expect(resumed.figures).toEqual(figures);
  });

  test("memory does not grow while it trains", { tags: ["long"] }, async () => {
    const live: number[] = [];
    const measure = (text: string): void => {
      if (/% +epoch/.test(text)) live.push(memory().liveBytes);
    };
    const streams = { stdout: { write: measure }, stderr: { write: () => {} } };
    const args = "--model vgg --limit 40 --batch 10 --epochs 5 --augment crop,flip,mixup --accumulate 2 --ema 0.9";
    await runExample(cifar, [...args.split(" "), "--out", join(folder, "memory")], streams);
    expect(live).toHaveLength(9);
    // Momentum buffers are allocated in the first step, and what evaluation keeps of the averaged weights at the end of the first epoch.
    // Garbage of other files may be collected meanwhile.
    const later = live.slice(2);
    expect(later.filter((bytes, i) => i > 0 && bytes > later[i - 1]!)).toEqual([]);
  });

  test("a dry run takes one step", async () => {
    const { figures, said } = await run("dry", "--dry-run --epochs 9 --model mlp-1x512");
    expect(figures).toMatchObject({ epochs: 1, steps: 1 });
    expect(said).toContain("Dry run: nothing was written.");
  });

  test.each([
    ["--augment crop,zoom", /--augment crop,zoom: expected none, or names among crop, flip, .*, joined by commas/],
    ["--augment mixup,cutmix", /at most one of mixup and cutmix/],
    ["--accumulate 3 --batch 10", /--accumulate 3: a batch of 10 has no 3 equal parts/],
    ["--augment flip --against flip", /--against flip: it equals --augment/],
  ])("%s is refused", async (args, reason) => {
    const { code, said } = await run("wrong", args);
    expect(code).toBe(2);
    expect(said).toMatch(reason);
  });
});
