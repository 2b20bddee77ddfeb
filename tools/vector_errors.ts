/**
 * The largest errors of the CPU backend's vector functions over every float32 (about five minutes a function), beside the
 * promised bounds; exits with 1 when one is broken.
 *
 *     npx -y deno@2.9.6 run -A tools/vector_errors.ts [--step 1] [function …]
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { features } from "../packages/tensor/src/backends/cpu/features.ts";
import { ArrayFunction } from "../packages/tensor/src/backends/cpu/math/harness.ts";
import { unaryMath } from "../packages/tensor/src/backends/cpu/math/mod.ts";
import { errorInUlp, references, ulpBounds } from "../packages/tensor/src/backends/cpu/math/references.ts";

const { values, positionals } = parseArgs({
  options: { step: { type: "string", default: "1" } },
  allowPositionals: true,
});
const step = Number(values.step);
const length = 1 << 16;
const variants = features().relaxedMadd ? [true, false] : [false];

for (const [name, expand] of Object.entries(unaryMath)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const reference = references[name as "exp"]!;
  const functions = variants.map((fused) => new ArrayFunction(1, expand, length, fused));
  const worst = variants.map(() => ({ error: 0, x: 0, got: 0 }));
  for (let next = 0; next < 2 ** 32;) {
    const operands = functions.map((f) => [f.operand(0), f.operand(-1)] as const);
    for (const [x] of operands) {
      const bits = new Uint32Array(x.buffer, x.byteOffset, length);
      for (let i = 0; i < length; i++) bits[i] = next + i * step;
    }
    functions.forEach((f) => f.run());
    for (let i = 0; i < length; i++) {
      const exact = reference(operands[0]![0][i]!);
      operands.forEach(([x, y], variant) => {
        const error = errorInUlp(y[i]!, exact);
        if (error > worst[variant]!.error) worst[variant] = { error, x: x[i]!, got: y[i]! };
      });
    }
    next += length * step;
  }
  const bound = ulpBounds[name as "exp"]!;
  worst.forEach(({ error, x, got }, variant) => {
    const how = variants[variant] ? "fused" : "plain";
    console.log(`${name} ${how}: ${error.toFixed(3)} ulp at ${x}: ${got}, not ${reference(x)}; bound ${bound}`);
    if (error > bound) process.exitCode = 1;
  });
}
