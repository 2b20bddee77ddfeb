/**
 * Linear algebra with gradients, computed in float64 on the host.
 *
 * @module
 */
export { inv, solve } from "./solve.ts";
export { det, type SlogDet, slogdet } from "./det.ts";
export { cholesky, type CholeskyOptions } from "./cholesky.ts";
export { type QR, qr, type QROptions } from "./qr.ts";
export { type SVD, svd, type SVDOptions, svdvals } from "./svd.ts";
export { type Eigh, eigh, eigvalsh } from "./eigh.ts";
export { type Complex, type Eig, eig, eigvals } from "./eig.ts";
export { type LeastSquares, lstsq, type LstsqOptions, matrixRank, pinv, type ToleranceOptions } from "./lstsq.ts";
export { matrixPower } from "./matrix_power.ts";
