/** Positions in memory from indices: in WGSL, and as params. */

/** The statement that finds the number of this thread, beyond which there is nothing to do. */
export function threadIndex(groupSize: number): string {
  return `let group = group_id.x + group_id.y * group_count.x;
  let thread = group * ${groupSize}u + lane;`;
}

/** The head of an entry point. */
export function entryPoint(groupSize: number): string {
  return `@compute @workgroup_size(${groupSize})
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(num_workgroups) group_count: vec3<u32>,
        @builtin(local_invocation_index) lane: u32) {
  `;
}

/** Statements that take a linear index apart into `PREFIX0`, `PREFIX1`, … of dimensions of the sizes `SIZES0`, …, the last fastest. */
export function coordinates(prefix: string, index: string, sizes: string, rank: number): string {
  let code = "";
  let rest = index;
  for (let d = rank - 1; d > 0; d--) {
    code += `let ${prefix}${d} = ${rest} % ${sizes}${d}; let ${prefix}rest${d} = ${rest} / ${sizes}${d}; `;
    rest = `${prefix}rest${d}`;
  }
  return rank === 0 ? "" : `${code}let ${prefix}0 = ${rest};`;
}

/** `base + c0·s0 + c1·s1 + …` over dimensions `from` to `to`. */
export function position(base: string, prefix: string, strides: string, from: number, to: number): string {
  let code = base;
  for (let d = from; d < to; d++) code += ` + ${prefix}${d} * ${strides}${d}`;
  return code;
}

/** Fields `NAME0: u32`, … */
export function fields(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, d) => `${name}${d}: u32`);
}

/** Whether strides are those of contiguous memory. */
export function isLinear(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (strides[d] !== step) return false;
    step *= shape[d]!;
  }
  return true;
}

/** Number of elements. */
export function sizeOf(shape: readonly number[]): number {
  let n = 1;
  for (let d = 0; d < shape.length; d++) n *= shape[d]!;
  return n;
}
