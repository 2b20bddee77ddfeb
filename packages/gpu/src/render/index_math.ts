/** WGSL that computes positions in memory from indices. */

/** Statements that compute the indices of this workgroup and this thread. */
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

/** The params `p.NAME0`, `p.NAME1`, …, starting at `from`. */
export function paramNames(name: string, count: number, from = 0): string[] {
  return Array.from({ length: count - from }, (_, d) => `p.${name}${from + d}`);
}

/**
 * Statements that split a linear index into `PREFIX0`, `PREFIX1`, … by the sizes of the dimensions. The last one
 * changes fastest.
 */
export function coordinates(prefix: string, index: string, sizes: readonly string[]): string {
  let code = "";
  let rest = index;
  for (let d = sizes.length - 1; d > 0; d--) {
    code += `let ${prefix}${d} = ${rest} % ${sizes[d]}; let ${prefix}rest${d} = ${rest} / ${sizes[d]};\n`;
    rest = `${prefix}rest${d}`;
  }
  return sizes.length === 0 ? "" : `${code}let ${prefix}0 = ${rest};\n`;
}

/** `base + c0·s0 + c1·s1 + …` over the dimensions from `from` up to, not including, `to`. */
export function position(base: string, prefix: string, strides: string, from: number, to: number): string {
  let code = base;
  for (let d = from; d < to; d++) code += ` + ${prefix}${d} * ${strides}${d}`;
  return code;
}

/** The fields `NAME0: u32`, `NAME1: u32`, …. */
export function fields(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, d) => `${name}${d}: u32`);
}
