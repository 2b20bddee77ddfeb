/** Einstein summation. */
import { promoteTypes } from "../dtype.ts";
import { inFloat32, isHalf } from "../engine/upcast.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor/tensor.ts";

interface Term {
  readonly x: Tensor;
  /** A label for each dimension. The dimensions of an ellipsis are numbered from the last: "0", "1", … */
  readonly labels: readonly string[];
}

function fail(equation: string, why: string): never {
  throw new RangeError(`einsum: "${equation}": ${why}`);
}

function labelsOf(equation: string, text: string, ndim: number | null, ellipsis: number): string[] {
  const labels: string[] = [];
  const dots = text.indexOf("...");
  const letters = text.replace("...", "");
  if (!/^[A-Za-z]*$/.test(letters)) fail(equation, `"${text}" has something else than letters and one "..."`);
  const spread = ndim === null ? ellipsis : ndim - letters.length;
  if (ndim !== null && (dots < 0 ? spread !== 0 : spread < 0)) {
    fail(equation, `"${text}" names ${letters.length} dims, but the tensor has ${ndim}`);
  }
  for (let i = 0; i <= letters.length; i++) {
    if (i === dots) { for (let k = spread - 1; k >= 0; k--) labels.push(String(k)); }
    if (i < letters.length) labels.push(letters[i]!);
  }
  return labels;
}

/** Takes the diagonal of dimensions with the same label. */
function withoutRepeats({ x, labels }: Term): Term {
  const again = labels.findIndex((label, i) => labels.indexOf(label) < i);
  if (again < 0) return { x, labels };
  const label = labels[again]!;
  const first = labels.indexOf(label);
  const rest = labels.filter((_, i) => i !== first && i !== again);
  return withoutRepeats({ x: x.diagonal({ dim1: first, dim2: again }), labels: [...rest, label] });
}

function sumOut(term: Term, keep: ReadonlySet<string>): Term {
  const gone = term.labels.map((label, d) => keep.has(label) ? -1 : d).filter((d) => d >= 0);
  if (gone.length === 0) return term;
  return { x: term.x.sum(gone), labels: term.labels.filter((label) => keep.has(label)) };
}

/** Permutes dimensions into an order of labels. Missing ones get size 1. */
function arranged({ x, labels }: Term, order: readonly string[]): Tensor {
  const present = order.filter((label) => labels.includes(label));
  const permuted = x.permute(present.map((label) => labels.indexOf(label)));
  return permuted.reshape(order.map((label) => labels.includes(label) ? x.shape[labels.indexOf(label)]! : 1));
}

/** Whether some term has a label that is neither in another term nor in the result, so that it is summed alone. */
function hasOwnSums(terms: readonly Term[], output: readonly string[]): boolean {
  return terms.some(({ labels }, i) =>
    labels.some((label) =>
      !output.includes(label) && !terms.some((other, j) => j !== i && other.labels.includes(label))
    )
  );
}

/** Multiplies two terms and sums over the labels that are not in `keep`, as one batched matrix product. */
function contract(a: Term, b: Term, keep: ReadonlySet<string>, sizes: ReadonlyMap<string, number>): Term {
  const left = sumOut(a, new Set([...keep, ...b.labels]));
  const right = sumOut(b, new Set([...keep, ...a.labels]));
  const shared = left.labels.filter((label) => right.labels.includes(label));
  const batch = shared.filter((label) => keep.has(label));
  const inner = shared.filter((label) => !keep.has(label));
  const rows = left.labels.filter((label) => !shared.includes(label));
  const columns = right.labels.filter((label) => !shared.includes(label));
  const size = (labels: readonly string[]) => labels.reduce((n, label) => n * sizes.get(label)!, 1);
  const spread = (term: Term, labels: readonly string[]) =>
    arranged(term, labels).expand(labels.map((label) => shared.includes(label) ? sizes.get(label)! : -1));
  const p = spread(left, [...batch, ...rows, ...inner]).reshape(size(batch), size(rows), size(inner));
  const q = spread(right, [...batch, ...inner, ...columns]).reshape(size(batch), size(inner), size(columns));
  const labels = [...batch, ...rows, ...columns];
  // A term that was summed before may have a wider dtype than the other. As in PyTorch, a product without a sum promotes, and bool
  // stays bool.
  const dtype = promoteTypes(p.dtype, q.dtype);
  const product = inner.length === 0 ? p.mul(q) : p.to(dtype).matmul(q.to(dtype));
  return { x: product.reshape(labels.map((label) => sizes.get(label)!)), labels };
}

/**
 * Einstein summation: sums of products over labelled dimensions (PyTorch: `torch.einsum`). Letters before `->` name the dimensions
 * of each operand, letters after it those of the result. Without `->` the result has the letters that occur once, in alphabetical
 * order. `...` stands for dimensions that broadcast.
 *
 * @throws RangeError for an equation that does not fit the operands.
 *
 * @example
 * ```ts
 * import { einsum, ones } from "@heddle/tensor";
 * einsum("bij,bjk->bik", ones([2, 3, 4]), ones([2, 4, 5])).shape; // [2, 3, 5]
 * einsum("ii->", ones([3, 3])).item(); // 3: the trace
 * ```
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  const [left, right] = equation.replaceAll(" ", "").split("->") as [string, string | undefined];
  const inputs = left.split(",");
  if (inputs.length !== operands.length) {
    const listed = Array.isArray(operands[0]) ? "; give them one by one, not in an array" : "";
    fail(equation, `${inputs.length} operands are named, ${operands.length} given${listed}`);
  }
  let terms: Term[] = operands.map((x, i) => withoutRepeats({ x, labels: labelsOf(equation, inputs[i]!, x.ndim, 0) }));
  const sizes = new Map<string, number>();
  for (const { x, labels } of terms) {
    labels.forEach((label, d) => {
      const known = sizes.get(label) ?? 1;
      const size = x.shape[d]!;
      if (known !== size && known !== 1 && size !== 1) {
        fail(
          equation,
          `dim "${label}" is ${known} in one operand and ${size} in another (shapes ${
            operands.map((o) => showShape(o.shape)).join(", ")
          })`,
        );
      }
      sizes.set(label, known === 1 ? size : known);
    });
  }
  const dots = [...sizes.keys()].filter((label) => /\d/.test(label)).sort((a, b) => Number(b) - Number(a));
  const letters = left.replaceAll(/[.,]/g, "");
  const once = [...new Set(letters)].filter((c) => letters.indexOf(c) === letters.lastIndexOf(c)).sort();
  const output = right === undefined ? [...dots, ...once] : labelsOf(equation, right, null, dots.length);
  if (isHalf(...operands) && (operands.length > 2 || hasOwnSums(terms, output))) {
    return inFloat32(operands, (...wide) => einsum(equation, ...wide));
  }
  for (const label of output) {
    if (!sizes.has(label)) fail(equation, `"${label}" of the result is in no operand`);
    if (output.indexOf(label) !== output.lastIndexOf(label)) fail(equation, `"${label}" stands twice in the result`);
  }
  // A size of 1 broadcasts to a larger one. Drop the dimension, so that the label counts as absent.
  terms = terms.map(({ x, labels }) => {
    const kept = labels.filter((label, d) => x.shape[d] === sizes.get(label));
    return { x: x.reshape(kept.map((label) => sizes.get(label)!)), labels: kept };
  });
  let result = terms[0]!;
  for (let i = 1; i < terms.length; i++) {
    const later = terms.slice(i + 1).flatMap(({ labels }) => labels);
    result = contract(result, terms[i]!, new Set([...output, ...later]), sizes);
  }
  return arranged(sumOut(result, new Set(output)), output);
}
