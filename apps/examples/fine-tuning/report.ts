import { lineChart } from "../runner/pictures/line_chart.ts";

/** The test errors, in percent, of one way of learning with a given number of examples per class. */
export interface Result {
  readonly perClass: number;
  readonly way: string;
  /** Trained elements. */
  trained: number;
  readonly errors: number[];
  mean: number;
}

/** Error over the number of examples, one curve per way, shaded from the lowest to the highest. */
export function errorChart(title: string, results: readonly Result[]): string {
  const ways = [...new Set(results.map(({ way }) => way))];
  const all = results.flatMap(({ errors }) => errors), [least, most] = [Math.min(...all), Math.max(...all)];
  return lineChart({
    title,
    x: { label: "examples per class", scale: "log" },
    y: most > 3 * least && least > 0
      ? { label: "test error (%)", scale: "log" }
      : { label: "test error (%)", include: 0 },
    series: ways.map((name) => {
      const own = results.filter(({ way }) => way === name);
      return {
        name,
        x: own.map(({ perClass }) => perClass),
        y: own.map(({ mean }) => mean),
        band: { low: own.map(({ errors }) => Math.min(...errors)), high: own.map(({ errors }) => Math.max(...errors)) },
        marks: true,
      };
    }),
  });
}
