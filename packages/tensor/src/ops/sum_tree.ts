/** A sum tree, for sampling in proportion to weights. */

/**
 * Weights in a binary tree of sums, with the root at index 1 and the children of node i at 2i and 2i + 1. Finding the weight at a
 * cumulative sum, and removing a weight, takes one step per level. A node is always the sum of its two children, so that removed
 * weights leave no rounding error.
 */
export class SumTree {
  private readonly sums: Float64Array;
  private readonly leaves: number;

  constructor(count: number, weight: (i: number) => number) {
    this.leaves = 1;
    while (this.leaves < count) this.leaves *= 2;
    this.sums = new Float64Array(2 * this.leaves);
    for (let i = 0; i < count; i++) this.sums[this.leaves + i] = weight(i);
    for (let node = this.leaves - 1; node > 0; node--) this.add(node);
  }

  /** The sum of the remaining weights. */
  get total(): number {
    return this.sums[1]!;
  }

  /** The index of the first weight whose cumulative sum exceeds `at`. Its weight is not 0, unless all are. */
  find(at: number): number {
    let [node, rest] = [1, at];
    while (node < this.leaves) {
      const [left, right] = [this.sums[2 * node]!, this.sums[2 * node + 1]!];
      // Rounding may make the remainder reach the end.
      const goRight = rest >= left && right > 0;
      if (goRight) rest -= left;
      node = 2 * node + Number(goRight);
    }
    return node - this.leaves;
  }

  /** Sets a weight to 0. */
  clear(i: number): void {
    let node = this.leaves + i;
    this.sums[node] = 0;
    while ((node = Math.floor(node / 2)) > 0) this.add(node);
  }

  private add(node: number): void {
    this.sums[node] = this.sums[2 * node]! + this.sums[2 * node + 1]!;
  }
}
