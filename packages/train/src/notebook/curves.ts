import { display, type Displayable, escaped, type MimeBundle } from "./display.ts";

/** Figures by name: a row of a history, with the `epoch`. Lists are not drawn. */
export interface CurveRow {
  readonly epoch: number;
  readonly [figure: string]: unknown;
}

/** A line of a chart. */
interface Line {
  readonly name: string;
  readonly points: readonly (readonly [epoch: number, value: number])[];
}

const [WIDTH, HEIGHT, MARGIN, TOP] = [340, 210, 46, 22];
const COLOURS = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728"];
const LEFT_OUT = new Set(["epoch", "step", "seconds"]);

/**
 * The curves of a training, for a notebook: a chart for each figure, with that of the validation in the same chart.
 *
 * @param rows one for each epoch, such as those of the history that `fit` returns
 * @returns an object that a notebook shows when it is the value of a cell
 *
 * @example
 * ```ts
 * import { curves, display } from "@heddle/train/notebook";
 *
 * const shown = curves([{ epoch: 1, loss: 0.9, validationLoss: 1 }, { epoch: 2, loss: 0.5, validationLoss: 0.7 }]);
 * const bundle = await shown[display](); // as a notebook does, which shows two lines in one chart
 * console.log(bundle["text/plain"]);
 * ```
 */
export function curves(rows: Iterable<CurveRow>): Displayable {
  return { [display]: () => curvesBundle([...rows], "") };
}

/** The curves as SVG in HTML, and as plain text. */
export function curvesBundle(rows: readonly CurveRow[], text: string): MimeBundle {
  const charts = chartsOf(rows);
  const plain = text ||
    charts.flat().map(({ name, points }) => `${name}: ${points.map(([, y]) => number(y)).join(" ")}`).join("\n");
  const svgs = charts.map(drawn);
  return {
    "text/plain": plain || "no epochs",
    "text/html": svgs.length === 0 ? "<i>no epochs</i>" : `<div>${svgs.join(" ")}</div>`,
    ...svgs.length === 1 && { "image/svg+xml": svgs[0]! },
  };
}

/** A chart for each figure; `validationLoss` joins `loss`. */
function chartsOf(rows: readonly CurveRow[]): Line[][] {
  const charts: Map<string, Line[]> = new Map();
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  for (const name of names) {
    if (LEFT_OUT.has(name)) continue;
    const points = rows.flatMap(({ epoch, [name]: value }) =>
      typeof value === "number" && Number.isFinite(value) ? [[epoch, value] as const] : []
    );
    if (points.length === 0) continue;
    const figure = name.replace(/^validation(?=[A-Z])/, "").replace(/^[A-Z]/, (first) => first.toLowerCase());
    charts.set(figure, [...charts.get(figure) ?? [], { name, points }]);
  }
  return [...charts.values()];
}

const number = (value: number): string => String(Number(value.toPrecision(4)));

function drawn(lines: readonly Line[]): string {
  const xs = lines.flatMap(({ points }) => points.map(([x]) => x));
  const ys = lines.flatMap(({ points }) => points.map(([, y]) => y));
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = (value: number, from: number, to: number, start: number, end: number): number =>
    Number((from === to ? (start + end) / 2 : start + (value - from) / (to - from) * (end - start)).toFixed(1));
  const x = (value: number): number => scale(value, left, right, MARGIN, WIDTH - 10);
  const y = (value: number): number => scale(value, low, high, HEIGHT - MARGIN / 2, TOP);
  const parts = lines.map(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length]!;
    const dots = points.length === 1
      ? `<circle cx="${x(points[0]![0])}" cy="${y(points[0]![1])}" r="3" fill="${colour}"/>`
      : "";
    const path = points.map(([epoch, value]) => `${x(epoch)},${y(value)}`).join(" ");
    return `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${path}"/>${dots}` +
      `<text x="${MARGIN + 130 * i}" y="14" fill="${colour}">${escaped(name)}</text>`;
  });
  const base = HEIGHT - MARGIN / 2;
  const labels = [
    `<text x="${MARGIN - 4}" y="${TOP + 8}" text-anchor="end">${number(high)}</text>`,
    low === high ? "" : `<text x="${MARGIN - 4}" y="${base}" text-anchor="end">${number(low)}</text>`,
    `<text x="${MARGIN}" y="${HEIGHT - 8}">${left}</text>`,
    left === right ? "" : `<text x="${WIDTH - 10}" y="${HEIGHT - 8}" text-anchor="end">epoch ${right}</text>`,
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="11" fill="gray">` +
    `<path d="M${MARGIN} ${TOP}V${base}H${WIDTH - 10}" fill="none" stroke="gray"/>${labels.join("")}${
      parts.join("")
    }</svg>`;
}
