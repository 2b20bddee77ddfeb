import type { CounterRandom } from "./counter_random.ts";
import type { Trace } from "./pen.ts";

/** Height and width of the pictures. */
export const SIDE = 28;
// As in MNIST: the digit fills 20 of the 28 pixels, and its centre of mass is the centre of the picture.
const DIGIT_SIDE = 20;
const FAR = -1e3;

const depth = new Float64Array(SIDE * SIDE);
const radii = new Float64Array(512);

/** Draws a trace, white (255) on black (0), at `offset` in `pixels`. */
export function rasterise(trace: Trace, random: CounterRandom, pixels: Uint8Array, offset: number): void {
  const radius = random.between(0.8, 1.5) + random.between(0, 0.5);
  const softness = random.between(0.9, 1.4);
  // Most pens are black, a few are faint.
  const ink = Math.min(255, 255 * (1.03 - 0.2 * random.uniform() * random.uniform()));
  fit(trace, radius, random);
  weigh(trace, radius, random);
  measureDepth(trace, softness);
  for (let i = 0; i < SIDE * SIDE; i++) {
    const d = depth[i] as number;
    if (d <= FAR) continue;
    // Paper and sensor: the edge is a little rough.
    const cover = d / softness + 0.5 + 0.12 * (random.uniform() - 0.5);
    if (cover > 0) pixels[offset + i] = Math.floor(Math.min(cover, 1) * ink + 0.5);
  }
}

/** Scales and moves the trace to its place in the picture, in pixels. */
function fit(trace: Trace, radius: number, random: CounterRandom): void {
  let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
  let length = 0, sumX = 0, sumY = 0;
  for (let i = 0; i < trace.length; i++) {
    const x = trace.x[i] as number;
    const y = trace.y[i] as number;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
    if (trace.start[i] === 1) continue;
    const px = trace.x[i - 1] as number;
    const py = trace.y[i - 1] as number;
    const piece = Math.sqrt((x - px) * (x - px) + (y - py) * (y - py));
    length += piece;
    sumX += piece * (x + px) / 2;
    sumY += piece * (y + py) / 2;
  }
  const scale = (DIGIT_SIDE - 2 * radius) / Math.max(right - left, bottom - top);
  const centre = SIDE / 2 - 0.5;
  const clamp = (move: number, low: number, high: number): number =>
    Math.min(Math.max(move, 2 + radius - low * scale), SIDE - 3 - radius - high * scale);
  const moveX = clamp(centre + 0.6 * random.normal() - sumX / length * scale, left, right);
  const moveY = clamp(centre + 0.6 * random.normal() - sumY / length * scale, top, bottom);
  for (let i = 0; i < trace.length; i++) {
    trace.x[i] = (trace.x[i] as number) * scale + moveX;
    trace.y[i] = (trace.y[i] as number) * scale + moveY;
  }
}

/** The pen's radius along the trace: pressure wanders slowly. */
function weigh(trace: Trace, radius: number, random: CounterRandom): void {
  let pressure = 0;
  for (let i = 0; i < trace.length; i++) {
    pressure = 0.85 * pressure + 0.07 * random.normal();
    radii[i] = radius * (1 + pressure);
  }
}

/** For every pixel, how deep it lies inside the drawn line (negative outside). */
function measureDepth(trace: Trace, softness: number): void {
  depth.fill(FAR);
  for (let i = 1; i < trace.length; i++) {
    if (trace.start[i] === 1) continue;
    const ax = trace.x[i - 1] as number;
    const ay = trace.y[i - 1] as number;
    const dx = (trace.x[i] as number) - ax;
    const dy = (trace.y[i] as number) - ay;
    const ra = radii[i - 1] as number;
    const dr = (radii[i] as number) - ra;
    const reach = Math.max(ra, ra + dr) + 0.6 * softness;
    const x0 = Math.max(0, Math.ceil(Math.min(ax, ax + dx) - reach));
    const x1 = Math.min(SIDE - 1, Math.floor(Math.max(ax, ax + dx) + reach));
    const y0 = Math.max(0, Math.ceil(Math.min(ay, ay + dy) - reach));
    const y1 = Math.min(SIDE - 1, Math.floor(Math.max(ay, ay + dy) + reach));
    const inverse = 1 / Math.max(dx * dx + dy * dy, 1e-9);
    for (let y = y0; y <= y1; y++) {
      for (let x = x0; x <= x1; x++) {
        const px = x - ax;
        const py = y - ay;
        const t = Math.min(Math.max((px * dx + py * dy) * inverse, 0), 1);
        const ex = px - t * dx;
        const ey = py - t * dy;
        const d = ra + t * dr - Math.sqrt(ex * ex + ey * ey);
        const at = y * SIDE + x;
        if (d > (depth[at] as number)) depth[at] = d;
      }
    }
  }
}
