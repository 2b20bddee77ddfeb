import type { Dataset, IterableDataset } from "../datasets/dataset.ts";
import { ListDataset } from "../datasets/list_dataset.ts";

/** The data set by index, or null for an iterable one. @throws TypeError for what is neither */
export function mappedOf<T>(dataset: Dataset<T> | IterableDataset<T>): Dataset<T> | null {
  if (Array.isArray(dataset)) return new ListDataset<T>(dataset);
  if (typeof dataset === "object" && dataset !== null) {
    if ("get" in dataset && "length" in dataset) return dataset;
    if (Symbol.iterator in dataset || Symbol.asyncIterator in dataset) return null;
  }
  const shown = typeof dataset === "string"
    ? `the string ${JSON.stringify(dataset)}`
    : typeof dataset === "object" && dataset !== null
    ? `an object of class ${(dataset as object).constructor?.name ?? "null"}`
    : String(dataset);
  const remedy = typeof (dataset as { toDataset?: unknown } | null | undefined)?.toDataset === "function"
    ? '; its method toDataset makes one, as in table.toDataset({ features: ["width", "height"], target: "kind" })'
    : "";
  throw new TypeError(
    `DataLoader: expected a data set, which is an array of samples, an object with length and get(index), or an iterable; got ${shown}${remedy}.`,
  );
}
