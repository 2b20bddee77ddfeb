// Holds docs/gpu_kernels.md to the kernels that are generated, and the kernels to what the page is for.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { count, layerWork, page } from "./gpu_kernels.ts";

test("the page shows the kernels as they are; tools/gpu_kernels.ts writes it", async () => {
  expect(readFileSync(new URL("../docs/gpu_kernels.md", import.meta.url), "utf8")).toBe(await page());
});

test("convolutions of 64 channels waste at most a tenth, on every vendor's GPUs", async () => {
  for (const vendor of ["nvidia", "amd", "apple", "intel", "arm", "qualcomm", ""]) {
    for (const { network, layer, pass, useful, padded } of await layerWork(vendor)) {
      if (/^64→64|^16→16 .*forward/.test(`${layer} ${pass}`)) {
        expect(useful / padded, `${vendor}, ${network}, ${layer}, ${pass}`).toBeGreaterThanOrEqual(0.9);
      }
    }
  }
});

test("loads, operations and memory are counted in the loop", () => {
  const source = `var<workgroup> left_panel: array<vec4<f32>, 10>;
var<workgroup> terms: array<u32, 8>;
fn main() {
let unused = 1u;
let far = 2u;
var left_0: vec4<f32>;
var s0: vec4<f32>;
loop {
let more = k0 < end;
if (more) {
left_0 = left_quad((far + k0) / p.size);
}
if (k0 > begin) {
{
let x0 = left_panel[0u];
s0 = fma(x0, x0, s0);
}
{
let x0 = left_panel[1u];
s0 = fma(x0, x0, s0);
}
}
workgroupBarrier();
if (!more) { break; }
left_panel[far * 3u] = left_0;
workgroupBarrier();
k0 += 2u;
}
}`;
  expect(count(source, 2)).toEqual({
    multiplyAdds: 4,
    panelLoads: 1,
    loads: 0.5,
    indexOperations: 1,
    divisions: 0.5,
    workgroupBytes: 192,
    registers: 13,
  });
});
