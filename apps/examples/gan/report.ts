/** The pictures of the generative adversarial network. */
import { noGrad } from "@heddle/autograd";
import { linspace, type Tensor, tidy } from "@heddle/tensor";
import { batchPixels } from "../digits/digits.ts";
import type { Filmstrip } from "../digits/filmstrip.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import type { Pixels } from "../runner/pictures/png.ts";
import type { Generator } from "./networks.ts";

/** The images generated from noise [n, 64]. */
export async function generated(generator: Generator, noise: Tensor): Promise<Pixels[]> {
  generator.eval();
  const images = noGrad(() => tidy(() => generator.forward(noise)));
  generator.train();
  const pixels = await batchPixels(images);
  images.dispose();
  return pixels;
}

/**
 * `count` images along the path from one noise vector to another, [2, 64]: a quarter circle, on which every point has
 * the distribution of noise.
 */
export async function onTheWay(generator: Generator, ends: Tensor, count: number): Promise<Pixels[]> {
  const noise = tidy(() => {
    const angles = linspace(0, Math.PI / 2, count).unsqueeze(1);
    return angles.cos().mul(ends.narrow(0, 0, 1)).add(angles.sin().mul(ends.narrow(0, 1, 1)));
  });
  const pixels = await generated(generator, noise);
  noise.dispose();
  return pixels;
}

/** Means over some steps. */
export interface GanRecord {
  /** The last of the steps. */
  readonly step: number;
  readonly epoch: number;
  readonly generatorLoss: number;
  readonly discriminatorLoss: number;
  /** The share of the images that the discriminator tells right. */
  readonly accuracy: number;
}

/** Draws all pictures of a run. */
export function drawReport(
  { out, records, samples, interpolations }: {
    out: OutFolder;
    records: readonly GanRecord[];
    samples: Filmstrip;
    interpolations: Filmstrip;
  },
): void {
  out.picture(
    "samples.svg",
    samples.draw("GAN: samples", "from the same noise, after each epoch"),
  );
  out.picture(
    "interpolations.svg",
    interpolations.draw("GAN: interpolations", "a quarter circle from one noise vector to another"),
  );
  out.picture("losses.svg", lossChart(records));
  out.picture("accuracy.svg", accuracyChart(records));
}

function curve(records: readonly GanRecord[], figure: keyof GanRecord): { x: number[]; y: number[] } {
  return { x: records.map(({ step }) => step), y: records.map((record) => record[figure]) };
}

function lossChart(records: readonly GanRecord[]): string {
  return lineChart({
    title: "GAN: losses",
    x: { label: "step" },
    y: { label: "cross-entropy (nats)", include: 0 },
    series: [
      { name: "generator", ...curve(records, "generatorLoss") },
      { name: "discriminator, real and generated", ...curve(records, "discriminatorLoss") },
    ],
  });
}

function accuracyChart(records: readonly GanRecord[]): string {
  const { x, y } = curve(records, "accuracy");
  return lineChart({
    title: "GAN: accuracy of the discriminator",
    x: { label: "step" },
    y: { label: "accuracy (%)", include: 50 },
    series: [{ name: "real and generated images", x, y: y.map((share) => 100 * share) }],
  });
}
