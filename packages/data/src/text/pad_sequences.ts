import { fromTypedArray, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";

/** Options of {@link padSequences}. */
export interface PadSequencesOptions {
  /** What fills the end of short rows, usually the vocabulary's `pad` (default 0). */
  value?: number;
  /** Columns of the result (default: as many as the longest row has). */
  length?: number;
  /** Whether rows longer than `length` are truncated instead of being an error (default false). */
  truncate?: boolean;
}

/** Rows of one length, and how long they were. */
export interface PaddedSequences {
  /** int32 [rows, columns]. */
  readonly tokens: Tensor;
  /** The number of tokens of each row before the padding: what `GRU.forward` and others take as `lengths`. */
  readonly lengths: number[];
}

/**
 * Makes one tensor of rows of different lengths, by filling their ends (PyTorch's `pad_sequence` with `batch_first=True`).
 *
 * @param rows token numbers, one row a sequence
 * @throws when there is no row or no token, a number does not fit int32, or a row is longer than `length` and not to be truncated
 *
 * @example
 * ```ts
 * import { padSequences } from "@heddle/data";
 *
 * const { tokens, lengths } = padSequences([[5, 6, 7], [8]]);
 * console.log(tokens.toArray(), lengths); // [ [ 5, 6, 7 ], [ 8, 0, 0 ] ] [ 3, 1 ]
 * ```
 */
export function padSequences(rows: readonly ArrayLike<number>[], options: PadSequencesOptions = {}): PaddedSequences {
  checkOptions("padSequences", options, ["value", "length", "truncate"]);
  const { value = 0, truncate = false } = options;
  const longest = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const columns = options.length ?? longest;
  if (!Number.isInteger(columns) || columns < 0) {
    throw new RangeError(`padSequences: length must be a positive integer, got ${columns}.`);
  }
  if (rows.length === 0 || columns === 0) {
    throw new Error(`padSequences: there are no tokens in ${rows.length} rows; leave empty sequences out.`);
  }
  checkToken(value, "value");
  const filled = new Int32Array(rows.length * columns).fill(value);
  const lengths = rows.map((row, r) => {
    if (row.length > columns && !truncate) {
      throw new RangeError(
        `padSequences: row ${r} has ${row.length} tokens, more than length ${columns}. Leave long sequences out, raise length, ` +
          "or give truncate: true to cut their ends off.",
      );
    }
    const length = Math.min(row.length, columns);
    for (let t = 0; t < length; t++) {
      checkToken(row[t]!, `row ${r}`);
      filled[r * columns + t] = row[t]!;
    }
    return length;
  });
  return { tokens: fromTypedArray(filled, [rows.length, columns]), lengths };
}

function checkToken(token: number, where: string): void {
  if ((token | 0) === token) return;
  throw new RangeError(`padSequences: ${where} has ${token}; token numbers are integers that fit int32.`);
}

/** A batch of pairs of sequences. */
export interface PaddedPairs {
  readonly source: PaddedSequences;
  readonly target: PaddedSequences;
}

/**
 * The collation of pairs of sequences, for a loader: each side is padded on its own.
 *
 * @param options `pad` is what fills short rows: one number, or one for each side (default 0)
 *
 * @example
 * ```ts
 * import { collatePairs, DataLoader } from "@heddle/data";
 *
 * const pairs: [number[], number[]][] = [[[4, 5], [6]], [[7], [8, 9, 4]]];
 * for (const { source, target } of new DataLoader(pairs, { batchSize: 2, collate: collatePairs() })) {
 *   console.log(source.tokens.shape, target.lengths); // [ 2, 2 ] [ 1, 3 ]
 * }
 * ```
 */
export function collatePairs(
  options: { pad?: number | readonly [source: number, target: number] } = {},
): (pairs: readonly (readonly [source: ArrayLike<number>, target: ArrayLike<number>])[]) => PaddedPairs {
  checkOptions("collatePairs", options, ["pad"]);
  const { pad = 0 } = options;
  const [source, target] = typeof pad === "number" ? [pad, pad] : pad;
  return (pairs) => ({
    source: padSequences(pairs.map((pair) => pair[0]), { value: source }),
    target: padSequences(pairs.map((pair) => pair[1]), { value: target }),
  });
}
