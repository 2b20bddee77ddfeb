import { fft, irfft, rfft, stft } from "@heddle/tensor";
import { type Case, type Family, list, type Maker } from "../case.ts";
import { input, steady } from "./heddle_work.ts";

function transform(kind: string, rows: number, n: number): Case {
  return {
    family: "fft",
    name: `${kind} of ${rows} × ${n}`,
    kind,
    sizes: { shape: [rows, n] },
    tolerance: 1e-5,
  };
}

const LENGTHS = [[64, 1024], [1, 65536], [512, 256], [16, 1000], [1, 65537]] as const;

/** Fourier transforms of rows. */
export const fourier: Family = {
  name: "fft",
  about: "Fourier transforms of powers of two, of 1000 points and of a prime, complex and real, and short-time ones",
  cases: [
    ...(["fft", "rfft", "irfft"] as const).flatMap((kind) => LENGTHS.map(([rows, n]) => transform(kind, rows, n))),
    transform("stft", 1, 16000),
  ],
};

/** Heddle's code for them. */
export const heddleFourier: Readonly<Record<string, Maker>> = {
  fft(sizes) {
    const x = input(1, [...list(sizes, "shape"), 2]);
    return steady([x], () => [fft(x)]);
  },
  rfft(sizes) {
    const x = input(1, list(sizes, "shape"));
    return steady([x], () => [rfft(x)]);
  },
  irfft(sizes) {
    const [rows, n] = list(sizes, "shape") as [number, number];
    const x = input(1, [rows, Math.floor(n / 2) + 1, 2]);
    return steady([x], () => [irfft(x, { n })]);
  },
  stft(sizes) {
    const x = input(1, list(sizes, "shape"));
    return steady([x], () => [stft(x, 400, { hopLength: 160 })]);
  },
};
