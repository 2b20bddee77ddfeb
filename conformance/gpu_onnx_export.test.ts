/** Networks exported on the GPU: the same files as on the CPU. */
import { exportOnnx } from "@heddle/onnx";
import { describe, expect, test } from "vitest";
import { networks } from "../packages/onnx/src/testing/networks.ts";
import { gpuFor } from "./expected.ts";

const gpu = await gpuFor("networks exported on the GPU");

describe.skipIf(gpu === null)("networks exported on the GPU", () => {
  test.each(networks())("$name", async ({ model, example, options }) => {
    const wanted = await exportOnnx(model, example, options);
    const found = await exportOnnx(model.to(gpu!), example.to(gpu!), options);
    expect(found).toEqual(wanted);
  });
});
