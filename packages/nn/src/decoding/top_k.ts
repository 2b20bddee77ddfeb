/** The k largest of many numbers. */

/**
 * Collects the `count` largest of the numbers offered, in descending order; of equal ones the first. For small counts this takes about
 * one comparison for each number, far fewer than sorting.
 */
export class Largest {
  readonly values: number[] = [];
  readonly ids: number[] = [];
  private readonly count: number;
  /** The bound that a number must exceed to be among them. */
  private least = -Infinity;

  constructor(count: number) {
    this.count = count;
  }

  /** Numbers of −∞ and NaN are never among the largest. */
  offer(value: number, id: number): void {
    if (!(value > this.least)) return;
    const { values, ids, count } = this;
    let [low, high] = [0, values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[middle]! >= value) low = middle + 1;
      else high = middle;
    }
    values.splice(low, 0, value);
    ids.splice(low, 0, id);
    if (values.length > count) {
      values.pop();
      ids.pop();
    }
    if (values.length === count) this.least = values[count - 1]!;
  }
}
