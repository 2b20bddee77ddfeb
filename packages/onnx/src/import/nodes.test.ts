import { noGrad } from "@heddle/autograd";
import type { Tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import { recordedCases } from "../testing/container.ts";
import { importOnnx } from "./import_onnx.ts";

/** The cases that are left out, by their names, and why. */
const skipped: readonly (readonly [name: RegExp, why: string])[] = [
  [/^test_(adagrad|adam|momentum|nesterov_momentum)/, "optimisers of the domain ai.onnx.preview.training"],
  [/^test_(bernoulli|training_dropout_(mask|default)|training_dropout$)/, "the random numbers of NumPy"],
  [/^test_training_dropout_default_mask/, "the random numbers of NumPy"],
  [/^test_cast_FLOAT_to_STRING|^test_tfidf/, "text"],
  [/^test_(det)/, "operators that are missing"],
  [
    /^test_cast(like)?_.*_BFLOAT16|^test_castlike_BFLOAT16/,
    "bfloat16 that is cut off, not rounded; shapes other than declared",
  ],
  [/^test_scan_sum/, "Scan of operator set 8"],
  [/^test_resize_downsample_scales_(cubic|linear)_align_corners/, "ONNX Runtime, as PyTorch, aligns to whole sizes"],
  [
    /^test_(identity_opt|identity_sequence|if_opt|if_seq|loop16_seq_none|optional_get_element_sequence)/,
    "a sequence as output",
  ],
  [/^test_sequence_(insert|map)|^test_loop13_seq/, "a sequence as output"],
];

const cases = recordedCases("nodes");

test("few of ONNX's tests of operators are left out", () => {
  const left = cases.filter(({ name }) => skipped.some(([pattern]) => pattern.test(name)));
  expect([cases.length - left.length, left.length]).toEqual([842, 56]);
});

const run = cases.filter(({ name }) => !skipped.some(([pattern]) => pattern.test(name)));

test.each(run)("$name", async ({ decode }) => {
  const { model: bytes, inputs, outputs, rtol, atol } = decode();
  const model = await importOnnx(bytes);
  const given = Object.fromEntries(model.inputs.map(({ name }, i) => [name, inputs[i]!]));
  const found = noGrad(() => model.forward(given));
  model.outputNames.forEach((name, i) => {
    const wanted = outputs[i] as Tensor;
    const got = found[name]!;
    expect(got.shape).toEqual(wanted.shape);
    expect(got.dtype).toBe(wanted.dtype === "int64" ? "int32" : wanted.dtype);
    const [a, b] = [wanted, got].map((x) => Array.from(x.toTypedArray() as ArrayLike<number | bigint>, Number));
    a!.forEach((value, k) => {
      const other = b![k]!;
      if (Object.is(value, other) || value === other) return;
      if (!(Math.abs(value - other) <= atol + rtol * Math.abs(value))) {
        expect.fail(`${name}, element ${k}: ${other} instead of ${value}`);
      }
    });
  });
});
