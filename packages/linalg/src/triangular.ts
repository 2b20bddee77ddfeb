/** Systems of equations with triangular matrices. */
import { customFunction } from "@heddle/autograd";
import { eye, type Tensor } from "@heddle/tensor";
import { checkOptions, checkTensor, inFloat32 } from "@heddle/tensor/engine";
import { checkFloat, checkSquare } from "./check.ts";
import { read, write } from "./host/matrices.ts";
import { fromTheRight, system } from "./right_side.ts";
import { transposed } from "./transposed.ts";

/** Options of {@link solveTriangular}. */
export interface TriangularOptions {
  /** Whether the matrices are upper triangular; else they are lower triangular. The other triangle is not read. */
  readonly upper: boolean;
  /** Whether to solve A·X = B (the default), or X·A = B. */
  readonly left?: boolean;
  /** Whether the diagonal is taken to be 1 and not read. Default false. */
  readonly unitriangular?: boolean;
}

const substitute: (a: Tensor, b: Tensor, upper: boolean, unit: boolean) => Tensor = customFunction({
  name: "solveTriangular",
  forward(context, a: Tensor, b: Tensor, upper: boolean, unit: boolean) {
    const [matrices, sides] = [read(a), read(b)];
    const { rows: n, values } = matrices;
    const k = sides.columns;
    const x = write(matrices.batch, [n, k], a, (item, index) => {
      item.set(sides.values.subarray(index * n * k, (index + 1) * n * k));
      const at = index * n * n;
      for (let step = 0; step < n; step++) {
        const i = upper ? n - 1 - step : step;
        for (let other = 0; other < step; other++) {
          const j = upper ? n - 1 - other : other;
          const factor = values[at + i * n + j]!;
          for (let c = 0; c < k; c++) item[i * k + c]! -= factor * item[j * k + c]!;
        }
        if (!unit) { for (let c = 0; c < k; c++) item[i * k + c]! /= values[at + i * n + i]!; }
      }
    });
    context.saveForBackward(a, x);
    context.options = { upper, unit };
    return x;
  },
  // As of solve; the gradient of what is not read is 0.
  backward(context, g) {
    const [a, x] = context.savedTensors as [Tensor, Tensor];
    const { upper, unit } = context.options as { upper: boolean; unit: boolean };
    const gb = substitute(transposed(a), g, !upper, unit);
    if (!context.needsInputGrad[0]) return [null, gb];
    const ga = gb.matmul(transposed(x)).neg();
    const inner = unit ? 1 : 0;
    return [upper ? ga.triu(inner) : ga.tril(-inner), gb];
  },
});

/**
 * X with A·X = B for triangular A (PyTorch's `torch.linalg.solve_triangular`), by substitution in float64. A zero on the diagonal is no
 * error: it makes infinities and NaN, as in PyTorch.
 *
 * @param a `[..., n, n]`, of which one triangle is read.
 * @param b `[..., n, k]`, or `[..., k, n]` where `left` is false; batch dimensions broadcast.
 * @returns the shape of `b`, with the batch, in the dtype of `a`.
 * @throws RangeError when the sizes do not fit; TypeError for integers, when the dtypes differ, and without `upper`.
 *
 * @example
 * ```ts
 * import { solveTriangular } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * solveTriangular(tensor([[2, 0], [1, 4]]), tensor([[2], [9]]), { upper: false }).toArray(); // [[1], [2]]
 * ```
 */
export function solveTriangular(a: Tensor, b: Tensor, options: TriangularOptions): Tensor {
  checkOptions("solveTriangular", options ?? {}, ["upper", "left", "unitriangular"]);
  const { upper, left = true, unitriangular = false } = options ?? {};
  if (typeof upper !== "boolean") {
    throw new TypeError("solveTriangular: say which triangle holds the matrix, { upper: true } or { upper: false }");
  }
  checkSquare("solveTriangular", a);
  checkTensor("solveTriangular", b);
  if (b.ndim < 2) {
    throw new RangeError(
      `solveTriangular: the right sides are matrices, [..., n, k], got shape [${
        b.shape.join(", ")
      }]; unsqueeze(-1) makes ` +
        `one of a vector`,
    );
  }
  if (!left) {
    return fromTheRight("solveTriangular", a, b, (a, b) => solveTriangular(a, b, { upper: !upper, unitriangular }));
  }
  const { a: matrices, b: sides } = system("solveTriangular", a, b, false);
  return substitute(matrices, sides, upper, unitriangular);
}

/** Options of {@link choleskySolve} and {@link choleskyInverse}. */
export interface CholeskySolveOptions {
  /** Whether the factor is an upper triangle U, with A = Uᵀ·U; else it is a lower one, with A = L·Lᵀ. Default false. */
  readonly upper?: boolean;
}

/**
 * X with A·X = B, where A is given by its Cholesky factor (PyTorch's `torch.cholesky_solve`, in its order of arguments).
 *
 * @param b `[..., n, k]`; batch dimensions broadcast.
 * @param l the factor `[..., n, n]`, as {@link cholesky} returns it; only its triangle is read.
 * @returns `[..., n, k]`
 * @throws as {@link solveTriangular}.
 *
 * @example
 * ```ts
 * import { cholesky, choleskySolve } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * const l = cholesky(tensor([[4, 2], [2, 5]]));
 * choleskySolve(tensor([[8], [12]]), l).toArray(); // close to [[1], [2]]
 * ```
 */
export function choleskySolve(b: Tensor, l: Tensor, options: CholeskySolveOptions = {}): Tensor {
  checkOptions("choleskySolve", options, ["upper"]);
  checkSquare("choleskySolve", l);
  checkFloat("choleskySolve", b);
  const { upper = false } = options;
  return inFloat32([b, l], (b, l) => {
    const half = solveTriangular(upper ? transposed(l) : l, b, { upper: false });
    return solveTriangular(upper ? l : transposed(l), half, { upper: true });
  });
}

/**
 * A⁻¹, where A is given by its Cholesky factor (PyTorch's `torch.cholesky_inverse`).
 *
 * @param l the factor `[..., n, n]`; only its triangle is read.
 * @throws RangeError unless the matrices are square; TypeError for integers.
 *
 * @example
 * ```ts
 * import { choleskyInverse } from "@heddle/linalg";
 * import { tensor } from "@heddle/tensor";
 * choleskyInverse(tensor([[2, 0], [0, 1]])).toArray(); // [[0.25, 0], [0, 1]]
 * ```
 */
export function choleskyInverse(l: Tensor, options: CholeskySolveOptions = {}): Tensor {
  checkOptions("choleskyInverse", options, ["upper"]);
  checkSquare("choleskyInverse", l);
  return choleskySolve(eye(l.shape.at(-1)!, { dtype: l.dtype, device: l.device }), l, options);
}
