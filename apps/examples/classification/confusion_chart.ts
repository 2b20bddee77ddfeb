import { heatMap } from "../runner/pictures/heat_map.ts";

/** What a confusion matrix is drawn from. */
export interface ConfusionChart {
  title: string;
  subtitle: string;
  /** What is classified, in the plural, and what a class is: "images" and "digit". */
  of: string;
  kind: string;
  /** The classes. */
  names: readonly string[];
  /** `counts[true][predicted]`. */
  counts: readonly (readonly number[])[];
  /** The exponent of the colour scale (default 0.6): smaller values make rare mistakes more visible. */
  power?: number;
}

/** A confusion matrix as the text of an SVG file; colours show shares of the true class, cells show counts. */
export function confusionChart({ title, subtitle, of, kind, names, counts, power = 0.6 }: ConfusionChart): string {
  return heatMap({
    title: `${title}: confusion matrix`,
    subtitle,
    rows: { label: `true ${kind}`, names },
    columns: { label: `predicted ${kind}`, names },
    shares: counts.map((row) => {
      const total = row.reduce((sum, count) => sum + count, 0);
      return row.map((count) => total > 0 ? count / total : 0);
    }),
    words: counts.map((row) => row.map((count) => count > 0 ? String(count) : "")),
    colourLabel: `share of the ${of} of the true ${kind}`,
    power,
  });
}
