/** The gated feed-forward network of LLaMA. */
import { fused, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { Linear, type LinearOptions } from "../linear.ts";
import { Module } from "../module.ts";

const gate = fused("swiglu", (a, b) => a.mul(a.sigmoid()).mul(b));

/**
 * w2(silu(w1 x) · w3 x): Shazeer, "GLU variants improve transformer" (2020). `[…, dModel]` → `[…, dModel]`. Names and the absence of
 * biases are LLaMA's; the hidden size is about 8/3 of `dModel` there, which gives as many parameters as a plain network with 4 ·
 * `dModel`.
 *
 * @example
 * ```ts
 * import { SwiGLU } from "@heddle/nn";
 * import { randn } from "@heddle/tensor";
 * new SwiGLU(12, 32).forward(randn([2, 5, 12])).shape; // [2, 5, 12]
 * ```
 */
export class SwiGLU extends Module {
  readonly w1: Linear;
  readonly w2: Linear;
  readonly w3: Linear;

  constructor(dModel: number, hidden: number, options: LinearOptions = {}) {
    checkOptions("SwiGLU", options, ["bias", "device", "dtype", "generator"]);
    super();
    const each = { bias: false, ...options };
    this.w1 = new Linear(dModel, hidden, each);
    this.w2 = new Linear(hidden, dModel, each);
    this.w3 = new Linear(dModel, hidden, each);
  }

  forward(input: Tensor): Tensor {
    return this.w2.forward(gate([this.w1.forward(input), this.w3.forward(input)]));
  }
}
