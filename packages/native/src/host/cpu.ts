/** What the processor can do, and what the system keeps of its registers. */
import type { Foreign } from "./foreign.ts";

/** Results of the instruction cpuid: the registers eax, ebx, ecx and edx as 32-bit words. */
export type CpuidWords = readonly [eax: number, ebx: number, ecx: number, edx: number];

/** The words that features are decoded from. */
export interface CpuWords {
  /** Leaf 0; eax is the highest leaf. */
  readonly leaf0: CpuidWords;
  /** Leaf 1. */
  readonly leaf1: CpuidWords;
  /** Leaf 7, subleaf 0. Leaves that the processor does not have are zeros. */
  readonly leaf7: CpuidWords;
  /** Leaf 7, subleaf 1. */
  readonly leaf7a: CpuidWords;
  /** Leaf 0x80000001. */
  readonly extended: CpuidWords;
  /** The lower half of the register XCR0, which says what the system saves when it switches threads; 0 if it cannot be read. */
  readonly xcr0: number;
}

/** Features that programs may use: the processor has them, and the system saves their registers. */
export interface CpuFeatures {
  readonly vendor: string;
  readonly avx2: boolean;
  readonly fma: boolean;
  readonly bmi1: boolean;
  readonly bmi2: boolean;
  readonly lzcnt: boolean;
  readonly f16c: boolean;
  readonly avx512f: boolean;
  readonly avx512bw: boolean;
  readonly avx512dq: boolean;
  readonly avx512vl: boolean;
  readonly avx512bf16: boolean;
  readonly avx512fp16: boolean;
  readonly amxTile: boolean;
  readonly amxBf16: boolean;
  readonly amxInt8: boolean;
}

/** The instruction sets that code is generated for. */
export type Target = "avx512" | "avx2";

const bit = (word: number, index: number): boolean => (word >>> index & 1) === 1;

/** Decodes features. */
export function decodeFeatures({ leaf0, leaf1, leaf7, leaf7a, extended, xcr0 }: CpuWords): CpuFeatures {
  const ymm = bit(leaf1[2], 27) && (xcr0 & 0x6) === 0x6 && bit(leaf1[2], 28);
  const zmm = ymm && (xcr0 & 0xe6) === 0xe6 && bit(leaf7[1], 16);
  const tiles = bit(leaf1[2], 27) && (xcr0 & 0x60000) === 0x60000 && bit(leaf7[3], 24);
  const text = [leaf0[1], leaf0[3], leaf0[2]].flatMap((word) => [0, 8, 16, 24].map((shift) => word >>> shift & 255));
  return {
    vendor: String.fromCharCode(...text),
    avx2: ymm && bit(leaf7[1], 5),
    fma: ymm && bit(leaf1[2], 12),
    bmi1: bit(leaf7[1], 3),
    bmi2: bit(leaf7[1], 8),
    lzcnt: bit(extended[2], 5),
    f16c: ymm && bit(leaf1[2], 29),
    avx512f: zmm,
    avx512bw: zmm && bit(leaf7[1], 30),
    avx512dq: zmm && bit(leaf7[1], 17),
    avx512vl: zmm && bit(leaf7[1], 31),
    avx512bf16: zmm && bit(leaf7a[0], 5),
    avx512fp16: zmm && bit(leaf7[3], 23),
    amxTile: tiles,
    amxBf16: tiles && bit(leaf7[3], 22),
    amxInt8: tiles && bit(leaf7[3], 25),
  };
}

/** Whether code for a target runs with these features. */
export function supports(features: CpuFeatures, target: Target): boolean {
  const { avx2, fma, bmi1, bmi2, lzcnt, f16c, avx512f, avx512bw, avx512dq, avx512vl } = features;
  const base = avx2 && fma && bmi1 && bmi2 && lzcnt && f16c;
  return base && (target === "avx2" || avx512f && avx512bw && avx512dq && avx512vl);
}

// deno-fmt-ignore
const cpuidCode = [
  0x53,             // push rbx
  0x8b, 0x07,       // mov eax, [rdi]
  0x8b, 0x4f, 0x04, // mov ecx, [rdi + 4]
  0x0f, 0xa2,       // cpuid
  0x89, 0x07,       // mov [rdi], eax
  0x89, 0x5f, 0x04, // mov [rdi + 4], ebx
  0x89, 0x4f, 0x08, // mov [rdi + 8], ecx
  0x89, 0x57, 0x0c, // mov [rdi + 12], edx
  0x5b,             // pop rbx
  0xc3,             // ret
];

// deno-fmt-ignore
const xgetbvCode = [
  0x31, 0xc9,       // xor ecx, ecx
  0x0f, 0x01, 0xd0, // xgetbv
  0x89, 0x07,       // mov [rdi], eax
  0xc3,             // ret
];

/**
 * Asks the processor.
 *
 * @throws Error if the system refuses machine code
 */
export function cpuFeatures(foreign: Foreign): CpuFeatures {
  // Small typed arrays may move when garbage is collected, but not this memory.
  const words = new Uint32Array(new SharedArrayBuffer(64));
  const address = foreign.addressOf(words);
  const code = foreign.map(Uint8Array.from([...cpuidCode, ...xgetbvCode]));
  const call = foreign.bind(code, address);
  const leaf = (number: number, sub = 0): CpuidWords => {
    words[0] = number;
    words[1] = sub;
    call();
    return [words[0]!, words[1]!, words[2]!, words[3]!];
  };
  const none: CpuidWords = [0, 0, 0, 0];
  const leaf0 = leaf(0);
  const leaf1 = leaf(1);
  const leaf7 = leaf0[0] >= 7 ? leaf(7) : none;
  const leaf7a = leaf7[0] >= 1 ? leaf(7, 1) : none;
  const extended = leaf(0x80000000)[0] >= 0x80000001 ? leaf(0x80000001) : none;
  let xcr0 = 0;
  if (bit(leaf1[2], 27)) {
    foreign.bind(code + BigInt(cpuidCode.length), address)();
    xcr0 = words[0]!;
  }
  return decodeFeatures({ leaf0, leaf1, leaf7, leaf7a, extended, xcr0 });
}
