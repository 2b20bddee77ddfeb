/** The symmetries of the square grid that fix a point, and what they do to filters. */

/** "p4": quarter turns; "p4m": quarter turns and mirrors. Named for the groups that they make with the translations. */
export type Symmetry = "p4" | "p4m";

/** A linear map of a point (row, column) around the fixed point: [a, b, c, d] maps it to (a·row + b·column, c·row + d·column). */
export type PointMap = readonly [number, number, number, number];

const compose = ([a, b, c, d]: PointMap, [e, f, g, h]: PointMap): PointMap => [
  a * e + b * g,
  a * f + b * h,
  c * e + d * g,
  c * f + d * h,
];

/** The maps are orthogonal: the transpose is the inverse. */
const inverse = ([a, b, c, d]: PointMap): PointMap => [a, c, b, d];

const identity: PointMap = [1, 0, 0, 1];
/** Counter-clockwise, rows counting downwards. */
const quarterTurn: PointMap = [0, -1, 1, 0];
/** Left and right exchanged. */
const mirror: PointMap = [1, 0, 0, -1];

const turns: readonly PointMap[] = [0, 1, 2, 3].map((times) =>
  Array<PointMap>(times).fill(quarterTurn).reduce(compose, identity)
);

const groups: { readonly [S in Symmetry]: readonly PointMap[] } = {
  p4: turns,
  p4m: [...turns, ...turns.map((turn) => compose(turn, mirror))],
};

/**
 * The elements in the order of the features: turns by 0°, 90°, 180°, 270° counter-clockwise, then the same after a mirroring of left and
 * right.
 *
 * @throws RangeError that names the known groups.
 */
export function elementsOf(layer: string, group: Symmetry): readonly PointMap[] {
  if (Object.hasOwn(groups, group)) return groups[group];
  throw new RangeError(
    `${layer}: there is no group ${JSON.stringify(group)}; use ${
      Object.keys(groups).map((name) => `"${name}"`).join(" or ")
    }`,
  );
}

/** The index of an element. */
function numberOf(elements: readonly PointMap[], map: PointMap): number {
  return elements.findIndex((each) => each.every((entry, i) => entry === map[i]));
}

/** The index of r⁻¹s, given the indices of r and s. */
export function quotient(elements: readonly PointMap[], r: number, s: number): number {
  return numberOf(elements, compose(inverse(elements[r]!), elements[s]!));
}

/**
 * The sources of the weights of each transformed filter. A k × k filter on the grid, transformed by r, has at y the weight from r⁻¹y; one
 * on the group has at (s, y) the weight from (r⁻¹s, r⁻¹y): Cohen & Welling, "Group equivariant convolutional networks" (2016), section 6
 * and equation 11.
 *
 * @param onGroup whether filters have a plane for each element, `[elements, k, k]`, or one alone.
 * @returns for each r in turn the positions in the flattened filter.
 */
export function filterIndices(elements: readonly PointMap[], size: number, onGroup: boolean): number[] {
  const indices: number[] = [];
  const planes = onGroup ? elements.length : 1;
  for (const [r, element] of elements.entries()) {
    const [a, b, c, d] = inverse(element);
    for (let s = 0; s < planes; s++) {
      const plane = onGroup ? quotient(elements, r, s) : 0;
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++) {
          // Twice the distance from the centre, which lies between pixels for an even size.
          const [y, x] = [2 * row - (size - 1), 2 * column - (size - 1)];
          const [fromRow, fromColumn] = [(a * y + b * x + size - 1) / 2, (c * y + d * x + size - 1) / 2];
          indices.push((plane * size + fromRow) * size + fromColumn);
        }
      }
    }
  }
  return indices;
}
