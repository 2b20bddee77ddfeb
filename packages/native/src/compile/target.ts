/** Instruction sets that code is compiled for. */

/** AVX-512 (F, BW, DQ, VL), or AVX2 with FMA; both with BMI1 and BMI2. */
export type Target = "avx512" | "avx2";

/** The bytes of a target's longest vectors. */
export const vectorBytes: { readonly [T in Target]: 32 | 64 } = { avx512: 64, avx2: 32 };

/** Code that is not compiled, and stays WebAssembly. */
export class Unsupported extends Error {
  override readonly name = "Unsupported";
}
