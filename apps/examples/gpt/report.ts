/** The pictures of a training run. */
import { noGrad } from "@heddle/autograd";
import { tensor, tidy } from "@heddle/tensor";
import type { History } from "@heddle/train";
import { lossChart } from "../lenet/report.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { headMaps } from "../runner/pictures/head_maps.ts";
import { lineChart, type Series } from "../runner/pictures/line_chart.ts";
import type { TextSets } from "./text.ts";
import type { Writer } from "./generate.ts";

/** Tokens of the text that fit in the picture of the heads. */
const LOOKED_AT = 20;

/** Draws the curves: the training loss by step, and the held-out loss by epoch. */
export function drawReport(
  out: OutFolder,
  history: History,
  text: TextSets,
): void {
  out.picture("loss.svg", lossChart("GPT", history.losses, "nats per token"));
  const heldOut = history.curve("heldOut");
  const series: Series[] = [{ name: "held-out text", ...heldOut, marks: heldOut.x.length <= 30 }];
  if (text.ideal !== null) {
    series.push({ name: "entropy of the source", x: heldOut.x, y: heldOut.x.map(() => text.ideal!) });
  }
  out.picture(
    "held-out.svg",
    lineChart({
      title: "GPT: held-out text",
      x: { label: "epoch", whole: true },
      y: { label: "nats per character" },
      series,
    }),
  );
}

/** Draws the attention of every head at the beginning of a text. */
export async function drawHeads(out: OutFolder, { network, tokens }: Writer, text: string): Promise<void> {
  const ids = tokens.encode(text).slice(0, Math.min(LOOKED_AT, network.sizes.context));
  network.eval();
  const layers = noGrad(() =>
    tidy(() => network.attention(tensor([ids], { dtype: "int32" })).map((weights) => weights.select(0, 0).contiguous()))
  );
  network.train();
  const maps = [];
  for (const [layer, weights] of layers.entries()) {
    await weights.data();
    const heads = weights.to("cpu").toArray<number[][][]>();
    maps.push(...heads.map((shares, head) => ({ name: `layer ${layer + 1}, head ${head + 1}`, shares })));
    weights.dispose();
  }
  const names = ids.map((id) => tokens.decode([id]).replaceAll("\n", "↵").replaceAll(" ", "␣"));
  const picture = headMaps({
    title: "GPT: attention of the heads",
    subtitle: "each row is a query token, each column a token up to it; ↵ is the end of a line",
    ...{ rows: names, columns: names, maps, across: network.sizes.heads },
  });
  out.picture("heads.svg", picture);
}
