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

/** The params `p.NAME0`, `p.NAME1`, …, from number `from` on. */
export function paramNames(name: string, count: number, from = 0): string[] {
  return Array.from({ length: count - from }, (_, d) => `p.${name}${from + d}`);
}

/** Statements that split a linear index into `PREFIX0`, `PREFIX1`, … by the sizes of the dimensions; the last changes fastest. */
export function coordinates(prefix: string, index: string, sizes: readonly string[]): string {
  let code = "";
  let rest = index;
  for (let d = sizes.length - 1; d > 0; d--) {
    code += `let ${prefix}${d} = ${rest} % ${sizes[d]}; let ${prefix}rest${d} = ${rest} / ${sizes[d]};\n`;
    rest = `${prefix}rest${d}`;
  }
  return sizes.length === 0 ? "" : `${code}let ${prefix}0 = ${rest};\n`;
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
