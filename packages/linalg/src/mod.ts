/**
 * Linear algebra with gradients, computed in float64 on the host.
 *
 * @module
 */
export { inv, type InverseInfo, invEx, solve, solveEx, type SolveInfo, type SolveOptions } from "./solve.ts";
export {
  choleskyInverse,
  choleskySolve,
  type CholeskySolveOptions,
  solveTriangular,
  type TriangularOptions,
} from "./triangular.ts";
export { det, logdet, type SlogDet, slogdet } from "./det.ts";
export { cholesky, choleskyEx, type CholeskyInfo, type CholeskyOptions } from "./cholesky.ts";
export { type LU, lu, type LUFactor, luFactor, luSolve, type LUSolveOptions } from "./lu.ts";
export { type QR, qr, type QROptions } from "./qr.ts";
export { type SVD, svd, type SVDOptions, svdvals } from "./svd.ts";
export { type Eigh, eigh, type EighOptions, eigvalsh } from "./eigh.ts";
export { type Complex, type Eig, eig, eigvals } from "./eig.ts";
export { type LeastSquares, lstsq, type LstsqOptions, matrixRank, pinv, type ToleranceOptions } from "./lstsq.ts";
export {
  matrixNorm,
  type MatrixNormOptions,
  type MatrixNormOrder,
  norm,
  type NormOptions,
  vectorNorm,
  type VectorNormOptions,
} from "./norm.ts";
export { cond } from "./cond.ts";
export { matrixPower } from "./matrix_power.ts";
export { matrixExp } from "./matrix_exp.ts";
export { kron, multiDot, vecdot, type VecdotOptions } from "./products.ts";
export { vander, type VanderOptions } from "./vander.ts";
export { tensorinv, type TensorinvOptions, tensorsolve, type TensorsolveOptions } from "./tensor_equations.ts";
