import { lineChart } from "../runner/pictures/line_chart.ts";
import { mean } from "../runner/statistics.ts";

/** The test errors, in percent, of one way of learning with a given number of examples per class. */
export interface Result {
  perClass: number;
  way: string;
  errors: number[];
}

/** Error over the number of examples, one curve per way, shaded from the lowest to the highest. */
export function errorChart(results: readonly Result[]): string {
  const ways = [...new Set(results.map(({ way }) => way))];
  const least = Math.min(...results.flatMap(({ errors }) => errors));
  return lineChart({
    title: "Digits 5 to 9 from few examples",
    x: { label: "examples per class", scale: "log" },
    y: least > 0 ? { label: "test error (%)", scale: "log" } : { label: "test error (%)", include: 0 },
    series: ways.map((name) => {
      const own = results.filter(({ way }) => way === name);
      return {
        name,
        x: own.map(({ perClass }) => perClass),
        y: own.map(({ errors }) => mean(errors)),
        band: { low: own.map(({ errors }) => Math.min(...errors)), high: own.map(({ errors }) => Math.max(...errors)) },
        marks: true,
      };
    }),
  });
}
