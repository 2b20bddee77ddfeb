/** The pictures of the variational autoencoder. */
import { noGrad } from "@heddle/autograd";
import { linspace, meshgrid, stack, type Tensor, tidy } from "@heddle/tensor";
import type { History } from "@heddle/train";
import { batchPixels, type Digits } from "../digits/digits.ts";
import type { Filmstrip } from "../digits/filmstrip.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { imageGrid } from "../runner/pictures/image_grid.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { mosaic, type Pixels } from "../runner/pictures/png.ts";
import { scatterPlot } from "../runner/pictures/scatter_plot.ts";
import type { Vae } from "./vae.ts";

/** Test digits in the picture of reconstructions. */
const RECONSTRUCTED = 16;
/** Images on a side of the map. */
const MAP = 20;
/** Test digits whose codes are drawn; more would overlap. */
const SCATTERED = 2_000;

/** The images decoded from codes [n, latent]. */
export async function generated(network: Vae, codes: Tensor): Promise<Pixels[]> {
  const images = noGrad(() => tidy(() => network.decode(codes).sigmoid()));
  const pixels = await batchPixels(images);
  images.dispose();
  return pixels;
}

/** `count` images on the line between the codes of two digits, inclusive. */
export async function between(
  network: Vae,
  digits: Digits,
  first: number,
  second: number,
  count: number,
): Promise<Pixels[]> {
  const codes = noGrad(() =>
    tidy(() => {
      const [a, b] = [first, second].map((index) => network.encode(digits.get(index)[0].unsqueeze(0)).mean);
      return a!.lerp(b!, linspace(0, 1, count).unsqueeze(1));
    })
  );
  const pixels = await generated(network, codes);
  codes.dispose();
  return pixels;
}

/** Draws all pictures of a run. */
export async function drawReport(
  { out, network, latent, test, history, samples, interpolations }: {
    out: OutFolder;
    network: Vae;
    latent: number;
    test: Digits;
    history: History;
    samples: Filmstrip;
    interpolations: Filmstrip;
  },
): Promise<void> {
  const title = `VAE, codes of ${latent}`;
  out.picture("elbo.svg", elboChart(title, history));
  out.picture(
    "samples.svg",
    samples.draw(`${title}: samples`, "from the same random normal codes, after each epoch"),
  );
  out.picture(
    "interpolations.svg",
    interpolations.draw(
      `${title}: from one digit to another`,
      "the line between the codes of two test digits",
    ),
  );
  out.picture(
    "reconstructions.svg",
    await reconstructions(title, network, test),
  );
  if (latent !== 2) return;
  out.picture("map.svg", await map(title, network));
  out.picture("codes.svg", await codes(title, network, test));
}

function elboChart(title: string, history: History): string {
  /** The losses are negative ELBOs. */
  const elbo = (figure: string): { x: number[]; y: number[] } => {
    const { x, y } = history.curve(figure);
    return { x, y: y.map((loss) => -loss) };
  };
  return lineChart({
    title: `${title}: evidence lower bound`,
    x: { label: "epoch", whole: true },
    y: { label: "ELBO (nats)" },
    series: [
      { name: "train, measured during training", ...elbo("loss"), marks: true },
      { name: "test", ...elbo("validationLoss"), marks: true },
    ],
  });
}

async function reconstructions(title: string, network: Vae, digits: Digits): Promise<string> {
  const indices = Array.from({ length: Math.min(RECONSTRUCTED, digits.length) }, (_, i) => i);
  const images = stack(indices.map((index) => digits.get(index)[0]));
  const means = noGrad(() => tidy(() => network.encode(images).mean));
  const rows = [await batchPixels(images), await generated(network, means)];
  return imageGrid({
    title: `${title}: reconstructions`,
    subtitle: "test digits above, their reconstructions below",
    images: [{ pixels: mosaic(rows.flat(), indices.length, 4) }],
    columns: 1,
  });
}

/** The codes at equal steps of the normal distribution's probability, and their images. */
async function map(title: string, network: Vae): Promise<string> {
  const codes = tidy(() => {
    const shares = linspace(0.5 / MAP, 1 - 0.5 / MAP, MAP);
    const steps = shares.mul(2).sub(1).erfinv().mul(Math.SQRT2);
    const [y, x] = meshgrid([steps.neg(), steps], { indexing: "ij" });
    return stack([x!.flatten(), y!.flatten()], 1);
  });
  return imageGrid({
    title: `${title}: the map`,
    subtitle: "z₁ to the right, z₂ upwards, from the 2.5% to the 97.5% quantile of the normal distribution",
    images: [{ pixels: mosaic(await generated(network, codes), MAP) }],
    columns: 1,
    scale: 1,
  });
}

async function codes(title: string, network: Vae, digits: Digits): Promise<string> {
  const points = Array.from({ length: 10 }, () => ({ x: [] as number[], y: [] as number[] }));
  const indices = Array.from({ length: Math.min(SCATTERED, digits.length) }, (_, i) => i);
  const means = noGrad(() => tidy(() => network.encode(stack(indices.map((index) => digits.get(index)[0]))).mean));
  const values = await means.data("float32");
  for (const index of indices) {
    const { x, y } = points[digits.get(index)[1]]!;
    x.push(values[2 * index]!);
    y.push(values[2 * index + 1]!);
  }
  return scatterPlot({
    title: `${title}: codes of ${indices.length.toLocaleString("en-US")} test digits`,
    x: { label: "z₁" },
    y: { label: "z₂" },
    groups: points.map((group, digit) => ({ name: String(digit), ...group })),
  });
}
