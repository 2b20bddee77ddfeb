// Equivariance in one dimension: convolution, stride, padding and pooling on eight numbers, and how each responds to a
// shift.
import { avgPool1d, conv1d, maxPool1d, pad, type Tensor, tensor } from "@heddle/tensor";
import { recordTable } from "@heddle/train/text";
import { start } from "../runner/example.ts";
import { barChart } from "../runner/pictures/bar_chart.ts";
import { lineChart } from "../runner/pictures/line_chart.ts";
import { panels } from "../runner/pictures/panels.ts";
import { type Basic, basic } from "./basic.ts";

const SIGNAL = [0, 0, 1, 3, 2, 0, 0, 0];
const KERNEL = [1, 2, -1];

// Layers take [batch, channels, length]: one signal of one channel here.
const signalOf = (numbers: readonly number[]): Tensor => tensor([[numbers]]);
const numbersOf = (signal: Tensor): number[] => signal.flatten().toArray<number[]>();

/** Slides the kernel over the signal without flipping it (in mathematics, a cross-correlation). */
const convolve = (x: Tensor, options = {}): Tensor => conv1d(x, signalOf(KERNEL), options);
/** The same with circular padding, so that there is no border. */
const onARing = (x: Tensor, options = {}): Tensor => convolve(pad(x, [1, 1], { mode: "circular" }), options);

/** The operations that are compared. */
export const OPERATIONS: Record<string, (x: Tensor) => Tensor> = {
  "convolution": (x) => convolve(x),
  "… of the flipped kernel": (x) => conv1d(x, signalOf(KERNEL).flip([2])),
  "… padded by a zero": (x) => convolve(x, { padding: 1 }),
  "… on a ring": (x) => onARing(x),
  "… stride 2": (x) => convolve(x, { stride: 2 }),
  "… on a ring, stride 2": (x) => onARing(x, { stride: 2 }),
  "… on a ring, max-pool 2": (x) => maxPool1d(onARing(x), 2),
  "… on a ring, average-pool 2": (x) => avgPool1d(onARing(x), 2),
  "… on a ring, largest of all": (x) => onARing(x).amax(2, { keepdim: true }),
};
const COMPARED = Object.keys(OPERATIONS).filter((name) => name.includes("padded") || name.includes("ring"));

/** Kernel, stride and padding; the table lists the output sizes for eight numbers. */
const SIZES = [[3, 1, 0], [3, 1, 1], [3, 2, 0], [3, 2, 1], [5, 1, 2], [2, 2, 0], [8, 1, 0]] as const;

/** Shifts everything to the right, circularly. */
const shift = (x: Tensor, by: number): Tensor => x.roll([by], [2]);

/** The distance between y and the nearest shift of z: 0 if a shift makes them equal. */
function distanceUpToShift(y: Tensor, z: Tensor): number {
  const shifts = Array.from({ length: z.shape[2]! }, (_, by) => shift(z, by));
  return Math.min(...shifts.map((moved) => y.sub(moved).abs().amax().item()));
}

/** The example; `start` runs it if this file is the main module. */
export const equivariance1d: Basic = basic(
  "equivariance-1d",
  "Convolution, stride, padding and pooling on eight numbers: which are equivariant to shifts.",
  (_options, run) => {
    const x = signalOf(SIGNAL), shifted = shift(x, 1);
    const line = (words: string, numbers: readonly number[]): void =>
      run.print(words.padEnd(28) + numbers.map((each) => String(each).padStart(6)).join(""));
    line("signal", SIGNAL);
    line("kernel", KERNEL);

    run.print("\nThe results, also for the signal shifted by one:\n");
    line("signal, shifted", numbersOf(shifted));
    const outcomes = Object.entries(OPERATIONS).map(([operation, apply]) => {
      const of = numbersOf(apply(x)), ofShifted = numbersOf(apply(shifted));
      line(operation, of);
      line("", ofShifted);
      return { operation, of, ofShifted };
    });

    // Each row is the kernel, shifted by one: sharing the same weights in every row makes a convolution equivariant to
    // shifts.
    const matrix = SIGNAL.map((_, i) => numbersOf(OPERATIONS["… padded by a zero"]!(unit(i))));
    run.print("\nA convolution is a product with this matrix (padded by a zero at both ends):\n");
    for (let row = 0; row < SIGNAL.length; row++) line("", matrix.map((column) => column[row]!));

    const sizes = SIZES.map(([kernel, stride, padding]) => ({
      ...{ kernel, stride, padding },
      numbers: conv1d(x, tensor([[Array(kernel).fill(1)]]), { stride, padding }).shape[2]!,
      formula: Math.floor((SIGNAL.length + 2 * padding - kernel) / stride) + 1,
    }));
    run.print("\nOutput size for eight numbers: ⌊(8 + 2 · padding − kernel) / stride⌋ + 1\n");
    run.print(recordTable(sizes));

    const distances = SIGNAL.map((_, by) => ({
      shift: by,
      ...Object.fromEntries(COMPARED.map((name) => {
        const apply = OPERATIONS[name]!;
        return [name, distanceUpToShift(apply(shift(x, by)), apply(x))];
      })),
    }));
    run.print("\nDistance between the result of the shifted signal and the nearest shift of the result:\n");
    run.print(recordTable(distances));

    const bars = (name: string): string =>
      barChart({
        title: name.replace("…", "convolution"),
        x: { label: "place", names: numbersOf(OPERATIONS[name]!(x)).map((_, i) => String(i)) },
        y: { label: "value", range: [-2.5, 8] },
        series: [
          { name: "of the signal", values: numbersOf(OPERATIONS[name]!(x)) },
          { name: "of the signal shifted by one", values: numbersOf(OPERATIONS[name]!(shifted)) },
        ],
        words: String,
        size: { width: 520, height: 320 },
      });
    run.out.picture(
      "shifted.svg",
      panels(
        "The effect of a shift by one",
        ["… on a ring", "… on a ring, stride 2", "… on a ring, max-pool 2"].map(bars),
        1,
      ),
    );
    run.out.picture(
      "distance.svg",
      lineChart({
        title: "Equivariance: distance from a shift of the result",
        x: { label: "shift of the signal", whole: true },
        y: { label: "distance to the nearest shift", include: 0 },
        series: COMPARED.map((name) => ({
          name: name.replace("… on a ring, ", "").replace("… ", ""),
          x: distances.map((each) => each.shift),
          y: distances.map((each) => (each as Record<string, number>)[name]!),
          marks: true,
        })),
      }),
    );
    return { signal: SIGNAL, kernel: KERNEL, outcomes, matrix, sizes, distances };
  },
);

/** One at an index, zero elsewhere. */
function unit(place: number): Tensor {
  return signalOf(SIGNAL.map((_, i) => i === place ? 1 : 0));
}

await start(import.meta.url, equivariance1d);
