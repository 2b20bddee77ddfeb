/** The number of labels of a classifier. */
import { checkKeys } from "./config.ts";

/** The keys of `config.json` that say how many labels there are. */
export interface LabelConfig {
  readonly num_labels?: number;
  /** The name of each label. */
  readonly id2label?: Readonly<Record<string, string>>;
}

/** `num_labels`, or else the number of names in `id2label`, or else 2. @throws RangeError for no positive integer, TypeError for `numLabels`. */
export function labelCount(model: string, config: LabelConfig): number {
  checkKeys(model, config, ["num_labels"]);
  const { num_labels, id2label } = config;
  const count: unknown = num_labels ?? (id2label === undefined || id2label === null ? 2 : Object.keys(id2label).length);
  if (Number.isInteger(count) && (count as number) > 0) return count as number;
  throw new RangeError(`${model}: num_labels is ${String(count)}; expected a positive integer`);
}
