/**
 * The largest errors of the CPU backend's vector functions over every float32 (two to five minutes a function, erf and
 * erfc an hour), with the documented bounds; exits with 1 if one is exceeded.
 *
 *     npx -y deno@2.9.6 run -A tools/vector_errors.ts [--step 1] [function …]
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { features } from "../packages/tensor/src/backends/cpu/features.ts";
import { ArrayFunction } from "../packages/tensor/src/backends/cpu/testing/array_function.ts";
import { unaryMath } from "../packages/tensor/src/backends/cpu/math/mod.ts";
import { errorInUlp, ulpBound } from "../packages/tensor/src/backends/cpu/testing/math_bounds.ts";
import { functions as references } from "../packages/tensor/src/backends/reference/functions.ts";

const { values, positionals } = parseArgs({
  options: { step: { type: "string", default: "1" } },
  allowPositionals: true,
});
const step = Number(values.step);
const length = 1 << 16;
const exact = new Float64Array(length);
const rounded = new Float32Array(length);

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

const roundedBits = bitsOf(rounded);
const variants = features().relaxedMadd ? [true, false] : [false];

for (const [name, expand] of Object.entries(unaryMath)) {
  if (expand === null || (positionals.length > 0 && !positionals.includes(name))) continue;
  const reference = references[name as "exp"];
  const functions = variants.map((fused) => new ArrayFunction(1, expand, length, fused));
  const worst = variants.map(() => ({ error: 0, x: 0, got: 0 }));
  for (let next = 0; next < 2 ** 32;) {
    const inputs = functions.map((f) => bitsOf(f.operand(0)));
    for (const bits of inputs) for (let i = 0; i < length; i++) bits[i] = next + i * step;
    functions.forEach((f) => f.run());
    const x = functions[0]!.operand(0);
    for (let i = 0; i < length; i++) exact[i] = rounded[i] = reference(x[i]!);
    functions.forEach((f, variant) => {
      const [y, bits] = [f.operand(-1), bitsOf(f.operand(-1))];
      let most = worst[variant]!.error;
      for (let i = 0; i < length; i++) {
        const apart = (bits[i]! - roundedBits[i]!) | 0;
        // Neighbours are at most 1.5 apart from what lies between them.
        if (apart === 0 || (most >= 1.5 && apart * apart === 1)) continue;
        const error = errorInUlp(y[i]!, exact[i]!);
        if (error > most) worst[variant] = { error: most = error, x: x[i]!, got: y[i]! };
      }
    });
    next += length * step;
  }
  const bound = ulpBound(name as "exp");
  worst.forEach(({ error, x, got }, variant) => {
    const how = variants[variant] ? "fused" : "plain";
    console.log(`${name} ${how}: ${error.toFixed(3)} ulp at ${x}: ${got}, not ${reference(x)}; bound ${bound}`);
    if (error > bound) process.exitCode = 1;
  });
}
