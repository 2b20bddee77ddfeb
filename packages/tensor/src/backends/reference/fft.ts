/** Discrete Fourier transforms of rows, in float64. */
import type { Attrs } from "../../prims/attrs.ts";
import { sizeOf } from "../../shape.ts";
import { type HostOperand, load, store } from "./host_operand.ts";

/** Real and imaginary parts. */
interface Signal {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** The transform of the points `start`, `start + step`, … of x, split by the smallest prime factor of their number. */
function transformed(x: Signal, start: number, step: number, direction: number): Signal {
  const n = x.re.length / step;
  let radix = 2;
  while (radix * radix <= n && n % radix !== 0) radix++;
  if (n % radix !== 0 || n === 1) radix = n;
  const m = n / radix;
  const parts = Array.from(
    { length: radix },
    (_, j) =>
      m === 1
        ? { re: x.re.subarray(start + j * step), im: x.im.subarray(start + j * step) }
        : transformed(x, start + j * step, step * radix, direction),
  );
  const [cosines, sines] = [new Float64Array(n), new Float64Array(n)];
  for (let k = 0; k < n; k++) {
    const quarter = 4 * k / n;
    const angle = direction * 2 * Math.PI * (k / n);
    // Quarter turns are exact.
    cosines[k] = Number.isInteger(quarter) ? [1, 0, -1, 0][quarter]! : Math.cos(angle);
    sines[k] = Number.isInteger(quarter) ? direction * [0, 1, 0, -1][quarter]! : Math.sin(angle);
  }
  const [re, im] = [new Float64Array(n), new Float64Array(n)];
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < radix; j++) {
      const turn = (j * k) % n;
      const [a, b] = [parts[j]!.re[k % m]!, parts[j]!.im[k % m]!];
      re[k]! += a * cosines[turn]! - b * sines[turn]!;
      im[k]! += a * sines[turn]! + b * cosines[turn]!;
    }
  }
  return { re, im };
}

/** The routine `fft`. */
export function fft(
  [x]: readonly HostOperand[],
  [out]: readonly HostOperand[],
  { kind, n, direction, scale }: Attrs["fft"],
): void {
  const values = load(x!);
  const result = new Float64Array(sizeOf(out!.shape));
  const inner = kind === "fromReal" ? 1 : 2;
  const length = x!.shape.at(-inner)!;
  const rows = values.length / length / inner;
  const outRow = result.length / rows;
  for (let row = 0; row < rows; row++) {
    const [re, im] = [new Float64Array(n), new Float64Array(n)];
    for (let j = 0; j < length; j++) {
      re[j] = values[(row * length + j) * inner]!;
      if (inner === 2) im[j] = values[(row * length + j) * 2 + 1]!;
      if (kind !== "toReal") continue;
      if (j === 0 || 2 * j === n) im[j] = 0;
      else [re[n - j], im[n - j]] = [re[j]!, -im[j]!];
    }
    const spectrum = transformed({ re, im }, 0, 1, direction);
    for (let i = 0; i < outRow; i++) {
      const part = kind === "toReal" ? spectrum.re[i]! : (i % 2 === 0 ? spectrum.re : spectrum.im)[i >> 1]!;
      result[row * outRow + i] = scale * part;
    }
  }
  store(out!, result);
}
