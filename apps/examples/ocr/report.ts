import { imageGrid } from "../runner/pictures/image_grid.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { greyPixels } from "../runner/pictures/png.ts";
import { HEIGHT, WIDTH } from "./pen.ts";
import type { Picture } from "./recogniser.ts";

/** What came out of training a part. */
export interface Result {
  readonly name: string;
  /** Trained elements. */
  readonly trained: number;
  /** Character errors on the test words in the odd font, and in the plain one, in percent. */
  readonly odd: number;
  readonly plain: number;
  readonly losses: readonly number[];
  /** How the test words in the odd font are read. */
  readonly texts: readonly string[];
}

/** Test words as they were read before and after. */
export function wordPage(pictures: readonly Picture[], before: readonly string[], { name, texts }: Result): string {
  return imageGrid({
    title: "Words of the test",
    subtitle: `read before fine-tuning → after it, ${name} trained`,
    images: pictures.slice(0, 20).map(({ grey }, i) => ({
      pixels: greyPixels(grey, { width: WIDTH, height: HEIGHT }),
      caption: `${before[i] || "nothing"} → ${texts[i] || "nothing"}`,
    })),
    columns: 4,
    scale: 2,
  });
}

/** The loss of each step, a curve per trained part. */
export function lossChart(results: readonly Result[]): string {
  return lineChart({
    title: "Fine-tuning on the odd font",
    x: { label: "step" },
    y: { label: "CTC loss (nats)", scale: "log" },
    series: results.map(({ name, losses }) => ({ name, x: losses.map((_, i) => i + 1), y: losses })),
  });
}
