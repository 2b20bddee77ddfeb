/** Random tensors from the Philox stream. A thread draws a block of four elements. */
import { type DType, finfo, type HalfDType, itemSize } from "@heddle/tensor";
import { type Attrs, contiguousStrides, isContiguous, sizeOf } from "@heddle/tensor/backend";
import type { GpuContext, GpuOperand } from "../../gpu_context.ts";
import { infinityBits } from "../../render/buffer_access.ts";
import { functionsFor } from "../../render/math/functions.ts";
import { computeType } from "../../render/wgsl_types.ts";
import { copy } from "../shared/copy.ts";
import { dispatch } from "../shared/dispatch.ts";

/** Philox 4×32-10: the four words of the block with a counter of two words. The params `key0` and `key1` are the key. */
export const philox = `fn philox(counter: vec2<u32>) -> vec4<u32> {
  var c = vec4<u32>(counter, 0u, 0u);
  var k = vec2<u32>(p.key0, p.key1);
  for (var round = 0u; round < 10u; round++) {
    c = vec4<u32>(
      multiply_high(0xcd9e8d57u, c.z) ^ c.y ^ k.x,
      0xcd9e8d57u * c.z,
      multiply_high(0xd2511f53u, c.x) ^ c.w ^ k.y,
      0xd2511f53u * c.x,
    );
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
`;

/**
 * Two normal numbers by the method of Box and Muller (1958). The angle is relative to the nearest quarter turn, at most
 * an eighth of a turn, where it is exact. The logarithm is that of 1 minus a fraction; words hold both exactly.
 */
const normal = `fn normal(u: u32, v: u32) -> vec2<f32> {
  var logarithm = 0f;
  if (u < 0x80000000u) { logarithm = log1p_f(-f32(u) * ${1 / 2 ** 32}); } else { logarithm = log_f(f32(0u - u) * ${
  1 / 2 ** 32
}); }
  let radius = sqrt(-2f * logarithm);
  let quarter = (v + 0x20000000u) >> 30u;
  let angle = f32(bitcast<i32>(v - (quarter << 30u))) * ${Math.fround(2 * Math.PI / 2 ** 32)};
  let s = sin_f(angle);
  let c = cos_f(angle);
  return radius * vec2<f32>(quadrant_value(s, c, quarter + 1u), quadrant_value(s, c, quarter));
}
`;

/** The four elements made from the words of a block. */
function elements(distribution: Attrs["random"]["distribution"], dtype: DType): string {
  const each = (code: (word: string) => string): string =>
    ["x", "y", "z", "w"].map((w) => code(`words.${w}`)).join(", ");
  switch (distribution) {
    case "bits":
      return `vec4<i32>(${each((word) => `bitcast<i32>(${word})`)})`;
    case "uniform": {
      // As many bits as the dtype can hold below 1: more would round up to 1.
      const bits = Math.log2(2 / finfo(dtype as HalfDType | "float32").eps);
      return `vec4<f32>(${each((word) => `f32(${word} >> ${32 - bits}u)`)}) * ${1 / 2 ** bits}f`;
    }
    case "normal":
      return "vec4<f32>(normal(words.x, words.y), normal(words.z, words.w))";
  }
}

/** Draws random elements. Integers and uniform numbers are bit for bit those of the reference backend. */
export function random(
  gpu: GpuContext,
  _: readonly GpuOperand[],
  [out]: readonly GpuOperand[],
  attrs: Attrs["random"],
): void {
  if (isContiguous(out!.shape, out!.strides)) {
    draw(gpu, out!, attrs);
    return;
  }
  // A view filled in place: the stream follows the order of its elements, not that of memory.
  const { shape, dtype } = out!;
  const drawn = {
    ...out!,
    strides: contiguousStrides(shape),
    offset: 0,
    buffer: gpu.scratch(sizeOf(shape) * itemSize(dtype)),
  };
  draw(gpu, drawn, attrs);
  copy(gpu, drawn, out!);
  gpu.release(drawn.buffer);
}

function draw(gpu: GpuContext, out: GpuOperand, { distribution, dtype, key, counter }: Attrs["random"]): void {
  const count = sizeOf(out.shape);
  const declarations = (): string => {
    const code = philox + (distribution === "normal" ? normal : "");
    return functionsFor(code) + code;
  };
  dispatch(gpu, {
    key: `random ${distribution} ${computeType(dtype)}`,
    reads: {},
    writes: { out },
    params: {
      inf: infinityBits,
      ...{ count, offset: out.offset, key0: key[0], key1: key[1] },
      ...{ low: counter % 2 ** 32, high: Math.floor(counter / 2 ** 32) },
    },
    declarations,
    threads: Math.ceil(count / 4),
    body: () =>
      `let low = p.low + thread;
let words = philox(vec2<u32>(low, p.high + select(0u, 1u, low < p.low)));
let values = ${elements(distribution, dtype)};
for (var i = 0u; i < min(4u, p.count - 4u * thread); i++) { out_set(p.offset + 4u * thread + i, values[i]); }
`,
  });
}
