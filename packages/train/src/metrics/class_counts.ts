/** Hits and misses of each class, from which precision, recall and F1 follow. */
import { cat, type Tensor } from "@heddle/tensor";
import { checkInvalid, counted, inRange, type LabelOptions, labelsOf, tally } from "./labels.ts";
import { Sums, type SumsState } from "./sums.ts";

/** Of one class: how often it was predicted rightly, predicted, and right. */
export interface ClassCount {
  readonly hits: number;
  readonly predicted: number;
  readonly actual: number;
}

/** What was counted over all batches. */
export interface ClassCounts {
  readonly classes: readonly ClassCount[];
  /** Whether there were two classes, the second of which is what one looks for. */
  readonly binary: boolean;
}

/** What a counter holds. */
export interface ClassCounterState {
  readonly sums: SumsState;
  readonly classes: number;
  readonly binary: boolean;
}

/** Counts of the classes over batches; the device holds three numbers for each class. */
export class ClassCounter {
  private readonly name: string;
  private readonly options: LabelOptions;
  private readonly sums: Sums = new Sums();
  private classes = 0;
  private binary = false;

  constructor(name: string, options: LabelOptions) {
    this.name = name;
    this.options = options;
  }

  /** Adds a batch. @throws TypeError or RangeError if shapes or dtypes do not fit. */
  update(output: Tensor, target: Tensor): void {
    const { name, options } = this;
    this.sums.add(name, () => {
      const labels = labelsOf(name, output, target, options);
      const classes = labels.classes ?? 2;
      const predicted = labels.predicted();
      const actual = labels.target;
      const counts = counted(actual, options);
      const valid = inRange(actual, classes).logicalAnd(inRange(predicted, classes));
      const hit = predicted.eq(actual);
      this.classes = classes;
      this.binary = labels.binary;
      return cat([
        tally(predicted, classes, valid, counts === null ? hit : hit.logicalAnd(counts)).narrow(0, 0, classes),
        tally(predicted, classes, valid, counts).narrow(0, 0, classes),
        tally(actual, classes, valid, counts),
      ]);
    });
  }

  /** The counts; null before the first batch. @throws RangeError if labels were outside the classes. */
  async read(): Promise<ClassCounts | null> {
    const sums = await this.sums.read();
    if (sums === null) return null;
    const { classes, binary } = this;
    checkInvalid(this.name, sums[3 * classes]!, classes);
    return {
      classes: Array.from({ length: classes }, (_, c) => ({
        hits: sums[c]!,
        predicted: sums[classes + c]!,
        actual: sums[2 * classes + c]!,
      })),
      binary,
    };
  }

  /** What was counted so far, as a copy. */
  stateDict(): ClassCounterState {
    return { sums: this.sums.stateDict(), classes: this.classes, binary: this.binary };
  }

  /** Goes back to a state. */
  loadStateDict({ sums, classes, binary }: ClassCounterState): void {
    this.sums.loadStateDict(sums);
    this.classes = classes;
    this.binary = binary;
  }

  /** Forgets all batches. */
  reset(): void {
    this.sums.reset();
  }
}
