import fc from "fast-check";
import { expect, test } from "vitest";
import { type DType, dtypes, integerRange, isFloat, tensor } from "../../mod.ts";

const calls = ["sum", "prod", "amax", "amin", "argmax", "argmin", "any", "all"] as const;

/** Small whole numbers, of which floats have exact sums, and the ends of an integer's range. */
function elementOf(dtype: DType): fc.Arbitrary<number | bigint | boolean> {
  if (dtype === "bool") return fc.boolean();
  if (isFloat(dtype)) return fc.integer({ min: -3, max: 3 });
  const [least, greatest] = integerRange(dtype);
  const near = fc.bigInt({ min: least < -3n ? -3n : least, max: 3n });
  const element = fc.oneof({ weight: 8, arbitrary: near }, fc.constantFrom(least, greatest));
  return dtype === "int64" ? element : element.map(Number);
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 });

test.each(dtypes)("reductions of %s are the reference's, whatever the shape and the dimensions", (dtype) => {
  const given = sizes.chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      dims: fc.subarray(shape.map((_, d) => d), { minLength: 1 }),
      call: fc.constantFrom(...calls),
      // Of one sign, too: an empty accumulator must not take part.
      elements: fc.oneof(
        fc.array(elementOf(dtype), { minLength: 729, maxLength: 729 }),
        elementOf(dtype).map((one) => Array<typeof one>(729).fill(one)),
      ),
    })
  );
  fc.assert(
    fc.property(given, ({ shape, dims, call, elements }) => {
      const data = elements.slice(0, shape.reduce((n, size) => n * size, 1));
      const [found, expected] = ["cpu", "reference"].map((device) => {
        const x = tensor(data, { dtype, device }).reshape(shape);
        return (call.startsWith("arg") ? x[call as "argmax"](dims[0]) : x[call as "sum"](dims)).toArray();
      });
      expect(found).toEqual(expected);
    }),
    { seed: 1121, numRuns: 60 },
  );
});
