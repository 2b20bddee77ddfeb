/** The means of the figures of batches, as they come. */

/** The sums so far, plain data for checkpoints. */
export interface WeightedSums {
  weight: number;
  sums: Record<string, number>;
}

/** No batches. */
export function noSums(): WeightedSums {
  return { weight: 0, sums: {} };
}

/** Adds the figures of a batch. @throws RangeError unless it has those of the batches before */
export function addValues(
  operation: string,
  total: WeightedSums,
  values: Readonly<Record<string, number>>,
  weight: number,
): void {
  const names = Object.keys(values), before = Object.keys(total.sums);
  if (total.weight > 0 && (names.length !== before.length || names.some((name) => !(name in total.sums)))) {
    throw new RangeError(
      `${operation}: the figures of a batch are ${list(names)}, those of the batches before ${
        list(before)
      }; every batch must have the same`,
    );
  }
  total.weight += weight;
  for (const name of names) total.sums[name] = (total.sums[name] ?? 0) + weight * values[name]!;
}

/** The means of all batches. */
export function meansOf({ weight, sums }: WeightedSums): Record<string, number> {
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / weight]));
}

function list(names: readonly string[]): string {
  return names.join(", ") || "none";
}
