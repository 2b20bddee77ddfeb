import { gradcheck } from "@heddle/autograd";
import { arange, randn, type Tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { importOnnx } from "../import/import_onnx.ts";
import { type Attribute, modelOf, tensorOf, valueOf } from "../testing/build_model.ts";

describe("RoiAlign", () => {
  const aligned = async (
    regions: readonly number[],
    attributes: Readonly<Record<string, Attribute>>,
    type = "float32",
  ) => {
    const bytes = modelOf({
      nodes: [["RoiAlign", ["x", "regions", "images"], ["y"], attributes]],
      inputs: [valueOf("x", type as "float32")],
      initializers: [
        tensorOf("regions", [regions.length / 4, 4], regions),
        tensorOf("images", [regions.length / 4], Array<bigint>(regions.length / 4).fill(0n)),
      ],
    });
    const model = await importOnnx(bytes);
    return (x: Tensor) => model.forward(x);
  };

  test("means and maxima of samples between the elements", async () => {
    // The value at (y, x) is 4y + x, between the elements too.
    const x = arange(16).reshape(1, 1, 4, 4);
    const attributes = { output_height: 1n, output_width: 2n, sampling_ratio: 2n };
    const region = [0.5, 0.5, 2.5, 2.5]; // samples at 0.5 and 1.5 downwards; 0.25, 0.75, 1.25, 1.75 to the right
    expect((await aligned(region, attributes))(x).toArray()).toEqual([[[[4.5, 5.5]]]]);
    expect((await aligned(region, { ...attributes, mode: "max" }))(x).toArray()).toEqual([[[[6.75, 7.75]]]]);
  });

  test("gradients reach the elements", async () => {
    const run = await aligned([-1, 0, 3.2, 2.5, 1, 1, 2, 4], { output_height: 2n, output_width: 2n });
    const x = randn([1, 2, 4, 4], { dtype: "float64", requiresGrad: true });
    expect(gradcheck(run, [x])).toBe(true);
  });

  test("refuses images that are not there, and results that are too large", async () => {
    const bytes = modelOf({
      nodes: [["RoiAlign", ["x", "regions", "images"], ["y"], {}]],
      initializers: [tensorOf("regions", [1, 4], [0, 0, 1, 1]), tensorOf("images", [1], [1n])],
    });
    const model = await importOnnx(bytes);
    expect(() => model.forward(randn([1, 1, 4, 4]))).toThrow("region 0 is of image 1; there are 1");
    const wide = await aligned([0, 0, 1e6, 1e6], {});
    expect(() => wide(randn([1, 1, 4, 4]))).toThrow(/would have more than/);
  });
});
