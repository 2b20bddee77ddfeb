import { lineChart } from "../runner/pictures/line_chart.ts";

/** The test errors, in percent, of one way of learning from so many examples of each class. */
export interface Result {
  perClass: number;
  way: string;
  errors: number[];
}

/** Error over the number of examples, a curve for each way; shaded from the least to the greatest. */
export function errorChart(results: readonly Result[]): string {
  const ways = [...new Set(results.map(({ way }) => way))];
  const least = Math.min(...results.flatMap(({ errors }) => errors));
  return lineChart({
    title: "Digits 5 to 9 from few examples",
    x: { label: "examples of each class", scale: "log" },
    y: least > 0 ? { label: "test error (%)", scale: "log" } : { label: "test error (%)", include: 0 },
    series: ways.map((name) => {
      const own = results.filter(({ way }) => way === name);
      return {
        name,
        x: own.map(({ perClass }) => perClass),
        y: own.map(({ errors }) => errors.reduce((sum, error) => sum + error, 0) / errors.length),
        band: { low: own.map(({ errors }) => Math.min(...errors)), high: own.map(({ errors }) => Math.max(...errors)) },
        marks: true,
      };
    }),
  });
}
