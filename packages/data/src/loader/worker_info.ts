import { checkArguments } from "../arguments.ts";

/** What a worker knows about itself; see {@link getWorkerInfo}. */
export interface WorkerInfo {
  /** Its number, from 0. */
  readonly id: number;
  /** How many workers there are. */
  readonly numWorkers: number;
  /** A seed for random numbers: another one for each worker and each epoch, derived from the loader's generator. */
  readonly seed: number;
}

let current: WorkerInfo | null = null;

/**
 * In a worker of a `DataLoader`: its number, and how many workers there are; elsewhere null (PyTorch's
 * `get_worker_info`). An iterable data set calls it when its iteration starts, to give each worker a part of its own.
 *
 * @example
 * ```ts
 * import { getWorkerInfo, type IterableDataset } from "@heddle/data";
 *
 * const squares: IterableDataset<number> = {
 *   *[Symbol.iterator]() {
 *     const { id, numWorkers } = getWorkerInfo() ?? { id: 0, numWorkers: 1 };
 *     for (let i = id; i < 10; i += numWorkers) yield i * i;
 *   },
 * };
 * console.log([...squares].length); // 10
 * ```
 */
export function getWorkerInfo(): WorkerInfo | null {
  checkArguments("getWorkerInfo", arguments, 0);
  return current;
}

/** Called in a worker, before its data set is made and when an epoch starts. */
export function setWorkerInfo(info: WorkerInfo): void {
  current = info;
}
