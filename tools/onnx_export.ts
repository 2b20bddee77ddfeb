// Writes docs/onnx_export.md: what operations become in ONNX, from the exporter's tables. `npx tsx tools/onnx_export.ts` writes the page; a
// test compares it.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Emitter } from "../packages/onnx/src/export/emitter.ts";
import { elementwiseRules, operate } from "../packages/onnx/src/export/rules/elementwise.ts";
import { activations } from "../packages/onnx/src/export/rules/activations.ts";
import { rules } from "../packages/onnx/src/export/rules/table.ts";
import { isMain } from "./is_main.ts";
import { markdownTable } from "./markdown_table.ts";

/** The operators that an element-wise primitive becomes, or why it is refused. */
function operatorsOf(prim: keyof typeof elementwiseRules): string {
  const dtype: Parameters<typeof operate>[3] = /^(bitwise|gcd)/.test(prim)
    ? "int32"
    : prim.startsWith("logical")
    ? "bool"
    : "float32";
  const e = new Emitter(18, 1, [], () => null, () => true);
  operate(e, prim, ["a", "b", "c"], dtype, dtype);
  const refused = e.nodes.find(({ refusal }) => refusal !== null);
  if (refused !== undefined) return `refused: ${refused.refusal!.slice(4)}`;
  const operators = [...new Set(e.nodes.map(({ op }) => op))].map((op) => `\`${op}\``).join(", ");
  return prim.startsWith("bitwise") ? `${operators} (opset 18)` : operators;
}

/** The page. */
export function page(): string {
  const primitives = Object.entries(rules).map(([prim, rule]) => [
    `\`${prim}\``,
    "reason" in rule ? `refused: ${rule.reason}` : rule.operators,
  ]);
  const functions = (Object.keys(elementwiseRules) as (keyof typeof elementwiseRules)[])
    .map((prim) => [`\`${prim}\``, operatorsOf(prim)]);
  const whole = [...new Map(Object.values(activations).map(({ op, since }) => [op, since]))]
    .map(([op, since]) => since === undefined || since <= 13 ? `\`${op}\`` : `\`${op}\` (opset ${since})`).sort();
  return `# Export to ONNX

<!-- Written by tools/onnx_export.ts. -->

[\`exportOnnx\`](../packages/onnx/README.md#export) records what a model computes, as primitives below autograd and above the devices, and
translates each by the tables below. All other operations are composed of primitives.

## Primitives

${markdownTable([["primitive", "in ONNX"], ...primitives])}

An expression that is one of these activations is one operator: ${whole.join(", ")}, \`Clip\`.

## Element-wise operations

As nodes of expressions. float16 and bfloat16 compute in float32 where several operations are one kernel in Heddle; small integers
compute in int32, which ONNX Runtime has kernels for.

${markdownTable([["operation", "in ONNX"], ...functions])}

## What differs

- NaN in maxima, minima, sorted values and their indices follows ONNX Runtime, which ignores NaN in some kernels where Heddle and PyTorch
  return it. Quotients by zero that are rounded, and \`remainder\` by infinities, differ in the sign of zero or are NaN.
- ONNX Runtime has no float64 kernels of convolutions, of most poolings and of some functions, and few of small integers. Files with
  them are valid, but ONNX Runtime does not load them ("Could not find an implementation for Conv(11)"); call \`model.to("float32")\` before the export.
- A Fourier transform becomes a product with a matrix, for at most 1024 points.
- Indices are int32, as in Heddle.
`;
}

if (isMain(import.meta.url)) {
  writeFileSync(fileURLToPath(new URL("../docs/onnx_export.md", import.meta.url)), page());
}
