/** Scales and axes of charts. */
import { scaleLinear, scaleLog } from "d3-scale";
import { scientific } from "../numbers.ts";
import { element, label } from "./svg.ts";
import { FAINT_INK, GRID, INK, LABEL_SIZE, TICK_SIZE } from "./theme.ts";

/** An axis of a chart. */
export interface Axis {
  label: string;
  /** `log` for values that span orders of magnitude; all must be above 0. */
  scale?: "linear" | "log";
  /** Ticks at whole numbers only, for epochs. */
  whole?: boolean;
  /** A value that the axis must include, such as 0. */
  include?: number;
  /** Fixed ends of the axis; what lies beyond is clipped. */
  range?: readonly [low: number, high: number];
}

/** Maps values to pixels, with ticks. */
export interface Scale {
  (value: number): number;
  ticks: { at: number; words: string }[];
}

/** The area within the axes, in pixels. */
export interface Plot {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** A scale over the finite `values` from pixel `from` to pixel `to`, with about `count` ticks. */
export function scaleOf(axis: Axis, values: Iterable<number>, [from, to]: [number, number], count: number): Scale {
  if (axis.range) {
    const scale = scaleLinear().domain(axis.range).range([from, to]);
    const words = scale.tickFormat(count);
    return Object.assign((value: number) => scale(value), {
      ticks: scale.ticks(count).map((at) => ({ at, words: words(at) })),
    });
  }
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = [0, 1];
  if (axis.include !== undefined) [low, high] = [Math.min(low, axis.include), Math.max(high, axis.include)];
  return axis.scale === "log" ? logScale(low, high, [from, to]) : linearScale(low, high, [from, to], count, axis.whole);
}

function linearScale(low: number, high: number, range: [number, number], count: number, whole = false): Scale {
  // Marks at the ends of a whole-number axis do not touch the frame.
  const room = whole ? Math.max(0.15, (high - low) * 0.03) : low === high ? Math.abs(low || 1) / 2 : 0;
  const scale = scaleLinear().domain([low - room, high + room]).range(range);
  if (!whole) scale.nice(count);
  const words = whole ? String : scale.tickFormat(count);
  const ticks = scale.ticks(count).filter((tick) => !whole || Number.isInteger(tick));
  return Object.assign((value: number) => scale(value), { ticks: ticks.map((at) => ({ at, words: words(at) })) });
}

/** Ticks at 1, 2 and 5 times the powers of ten; only at the powers over more than three of them. */
function logScale(low: number, high: number, range: [number, number]): Scale {
  if (!(low > 0)) throw new RangeError(`chart: a logarithmic axis needs values above 0, but one is ${low}`);
  const steps = high / low > 1000 ? [1] : [1, 2, 5];
  const candidates: number[] = [];
  for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.ceil(Math.log10(high)) + 1; power++) {
    for (const step of steps) candidates.push(Number(`${step}e${power}`));
  }
  // Both ends are ticks, so that the position of every point can be read.
  const first = candidates.findLast((tick) => tick <= low)!;
  const last = candidates.find((tick) => tick >= high && tick > first)!;
  const scale = scaleLog().domain([first, last]).range(range);
  const ticks = candidates.filter((tick) => tick >= first && tick <= last);
  // All plain or all powers: 0.001, 10,000 and 10⁵ do not stand beside each other.
  const plain = first >= 1e-3 && last < 1e5;
  const words = (tick: number): string =>
    plain ? tick.toLocaleString("en-US", { maximumSignificantDigits: 1 }) : powersWords(tick);
  return Object.assign((value: number) => scale(value), { ticks: ticks.map((at) => ({ at, words: words(at) })) });
}

/** `10⁻⁵`, or `2×10⁻⁵`. */
function powersWords(tick: number): string {
  return scientific(tick).replace(/^1×/, "");
}

/** Grid lines, ticks and labels of both axes around a plot. */
export function drawAxes(plot: Plot, x: { label: string; scale: Scale }, y: { label: string; scale: Scale }): string[] {
  const { left, right, bottom } = plot;
  const parts: string[] = [];
  for (const { at, words } of y.scale.ticks) {
    const height = y.scale(at);
    parts.push(
      element("line", { x1: left, x2: right, y1: height, y2: height, stroke: GRID }),
      label(words, {
        x: left - 8,
        y: height,
        dy: "0.35em",
        "text-anchor": "end",
        "font-size": TICK_SIZE,
        fill: FAINT_INK,
      }),
    );
  }
  for (const { at, words } of x.scale.ticks) {
    const across = x.scale(at);
    parts.push(
      element("line", { x1: across, x2: across, y1: bottom, y2: bottom + 5, stroke: FAINT_INK }),
      label(words, { x: across, y: bottom + 19, "text-anchor": "middle", "font-size": TICK_SIZE, fill: FAINT_INK }),
    );
  }
  parts.push(
    element("line", { x1: left, x2: right, y1: bottom, y2: bottom, stroke: FAINT_INK }),
    ...axisLabels(plot, x.label, y.label),
  );
  return parts;
}

/** The labels of the axes: below the plot, and rotated at its left. */
export function axisLabels(plot: Plot, x: string, y: string): string[] {
  const { left, top, right, bottom } = plot;
  const looks = { "text-anchor": "middle", "font-size": LABEL_SIZE, fill: INK };
  const middle = (top + bottom) / 2;
  return [
    label(x, { x: (left + right) / 2, y: bottom + 42, ...looks }),
    label(y, { x: left - 48, y: middle, transform: `rotate(-90 ${left - 48} ${middle})`, ...looks }),
  ];
}

/** Content clipped to a plot, extended by `room` pixels to the left and right. */
export function withinPlot({ left, top, right, bottom }: Plot, content: readonly string[], room = 0): string {
  const x = left - room, width = right - left + 2 * room, height = bottom - top;
  // A nested SVG clips at its edges, without a clip path and its id.
  return element("svg", { x, y: top, width, height, viewBox: `${x} ${top} ${width} ${height}` }, ...content);
}
