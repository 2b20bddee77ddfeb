/** Transformers and their parts. */
export { RMSNorm, type RMSNormOptions } from "./rms_norm.ts";
export { SwiGLU } from "./swiglu.ts";
