// Writes docs/onnx_operators.md: the operators that the importer knows, from its table. `npx tsx tools/onnx_operators.ts` writes the
// page; a test compares it.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Operator } from "../packages/onnx/src/operators/operator.ts";
import { families, lastOpset } from "../packages/onnx/src/operators/table.ts";
import { isMain } from "./is_main.ts";
import { markdownTable } from "./markdown_table.ts";

/** What is not supported of an operator, and how it differs. */
function remarks({ attributes = {}, note, numbers = [] }: Operator): string {
  const limited = Object.entries(attributes).flatMap(([name, { only }]) =>
    only === undefined || only.length > 4 ? [] : [`\`${name}\`: ${only.join(", ")}`]
  );
  const host = numbers.length === 0 ? [] : [`numbers: ${numbers.map((i) => `${i}`).join(", ")}`];
  return [...note === undefined ? [] : [note], ...limited, ...host].join("; ");
}

/** The page. */
export function page(): string {
  const count = Object.values(families).reduce((sum, operators) => sum + Object.keys(operators).length, 0);
  const sections = Object.entries(families).map(([family, operators]) => {
    const rows = Object.entries(operators).sort(([a], [b]) => a < b ? -1 : 1).map(([name, versions]) => {
      const all = Object.keys(versions).map(Number).sort((a, b) => a - b);
      const latest = versions[all.at(-1)!]!;
      const weights = (latest.weights ?? []).join(", ");
      return [`\`${name}\``, all.join(", "), weights, remarks(latest)];
    });
    return `## ${family}\n\n${markdownTable([["operator", "forms since", "weights", "remarks"], ...rows])}`;
  });
  return `# Operators of ONNX

<!-- Written by tools/onnx_operators.ts. -->

The ${count} operators that [\`importOnnx\`](../packages/onnx/README.md) runs, of the domain \`ai.onnx\`. Operator sets up to ${lastOpset} are
read: 22 and 23 changed only the types of these operators, and from sets before 7 an operator is read if it has not changed since.
Functions that a model defines are run as well. A model that needs anything else is refused before it runs, with the name of each node that needs it.

"Forms since" are the operator sets in which an operator, as far as it is supported here, got another form. "Weights" are the inputs
(from 0) at which floating-point tensors of the file become parameters. "Numbers" are the inputs whose values are needed on the host,
such as shapes: they are computed there, and where they come from the model's own inputs or from its results, the device must be one
that is read at once, or the input be given as an array of numbers.

${sections.join("\n\n")}
`;
}

if (isMain(import.meta.url)) {
  writeFileSync(fileURLToPath(new URL("../docs/onnx_operators.md", import.meta.url)), page());
}
