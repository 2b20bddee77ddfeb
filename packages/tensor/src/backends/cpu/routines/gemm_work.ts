/** What the products of matrices are given to do. */
import type { Activation } from "../../../prims/attrs.ts";
import type { ElementKind } from "./element.ts";

/** `out[m, n] = left[m, k] · right[k, n] + bias[n]`, once for each entry of `products`. Strides are in bytes. */
export interface GemmWork {
  readonly kind: ElementKind;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly leftM: number;
  readonly leftK: number;
  readonly rightK: number;
  readonly rightN: number;
  /** Bytes between rows of the result; its columns are neighbours. */
  readonly outStride: number;
  /** Adds to what is there, without bias or activation. */
  readonly adds?: boolean;
  /** The address of `n` neighbouring elements; those of the next product come `biasStep` bytes later. */
  readonly bias?: number;
  readonly biasStep?: number;
  readonly activation?: Activation;
  /** Addresses of left, right and result, three an entry. */
  readonly products: Int32Array;
}
