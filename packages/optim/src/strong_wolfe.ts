/** A line search for the strong Wolfe conditions: a step that lowers the loss enough, to where it is flat enough. */
import type { Tensor } from "@heddle/tensor";

/** A point on the line: the step to it, the loss there, its derivative along the line, and the gradient. */
export interface LinePoint {
  readonly t: number;
  readonly loss: number;
  readonly slope: number;
  readonly gradient: Tensor;
}

/** Where the search ended, and how many points it evaluated. */
export interface LineSearch {
  readonly point: LinePoint;
  readonly evaluations: number;
}

/** By how much the loss must fall, and the slope become flatter, relative to the slope at the start. */
const [armijo, curvature] = [1e-4, 0.9];
const mostEvaluations = 25;

/**
 * Searches from `start` (at t = 0), first at `t`; PyTorch's search, step by step. A point that satisfies the conditions is bracketed, and
 * the bracket then narrowed by cubic interpolation.
 *
 * Nocedal, Wright: Numerical Optimization, 2006, algorithms 3.5 and 3.6.
 *
 * @param length of the largest element of the direction; a bracket is not narrowed once the points are closer than `least`.
 */
export function strongWolfe(
  start: LinePoint,
  t: number,
  evaluate: (t: number) => LinePoint,
  length: number,
  least: number,
): LineSearch {
  const tooHigh = (point: LinePoint): boolean => point.loss > start.loss + armijo * point.t * start.slope;
  const isFlat = (point: LinePoint): boolean => Math.abs(point.slope) <= -curvature * start.slope;
  let point = evaluate(t);
  let previous = start;
  let count = 0;
  let bracket: [LinePoint, LinePoint] | null = null;
  while (count < mostEvaluations) {
    if (tooHigh(point) || (count > 1 && point.loss >= previous.loss)) bracket = [previous, point];
    else if (isFlat(point)) return { point, evaluations: count + 1 };
    else if (point.slope >= 0) bracket = [previous, point];
    if (bracket !== null) break;
    const next = cubicMinimum(previous, point, point.t + 0.01 * (point.t - previous.t), point.t * 10);
    previous = point;
    point = evaluate(next);
    count++;
  }
  bracket ??= [start, point];
  let [low, high] = bracket[0].loss <= bracket[1].loss ? [0, 1] : [1, 0];
  let slow = false;
  while (count < mostEvaluations) {
    const [from, to] = [Math.min(bracket[0].t, bracket[1].t), Math.max(bracket[0].t, bracket[1].t)];
    if ((to - from) * length < least) break;
    let next = cubicMinimum(bracket[0], bracket[1], from, to);
    // Close to an end twice in a row, or at an end: a tenth of the bracket away from it.
    const margin = 0.1 * (to - from);
    const isClose = Math.min(to - next, next - from) < margin;
    const moves: boolean = isClose && (slow || next >= to || next <= from);
    if (moves) next = Math.abs(next - to) < Math.abs(next - from) ? to - margin : from + margin;
    slow = isClose && !moves;
    point = evaluate(next);
    count++;
    if (tooHigh(point) || point.loss >= bracket[low]!.loss) {
      bracket[high] = point;
      [low, high] = bracket[0].loss <= bracket[1].loss ? [0, 1] : [1, 0];
      continue;
    }
    const done = isFlat(point);
    if (!done && point.slope * (bracket[high]!.t - bracket[low]!.t) >= 0) bracket[high] = bracket[low]!;
    bracket[low] = point;
    if (done) break;
  }
  return { point: bracket[low]!, evaluations: count + 1 };
}

/** The minimum between two bounds of the cubic with these losses and slopes; the middle where it has none. */
function cubicMinimum(a: LinePoint, b: LinePoint, from: number, to: number): number {
  const mixed = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t);
  const square = mixed ** 2 - a.slope * b.slope;
  if (!(square >= 0)) return (from + to) / 2;
  const root = Math.sqrt(square);
  const [x, y] = a.t <= b.t ? [a, b] : [b, a];
  const minimum = y.t - (y.t - x.t) * ((y.slope + root - mixed) / (y.slope - x.slope + 2 * root));
  return Math.min(Math.max(minimum, from), to);
}
