import { expect, test } from "vitest";
import { elementwiseRows, type OperationPrim } from "../prims/elementwise.ts";
import { Tensor } from "./tensor.ts";

/** The type checker asks for the method of every element-wise primitive here. */
const methods: { readonly [P in OperationPrim]: (this: Tensor, ...operands: never[]) => Tensor } = Tensor.prototype;

test("every element-wise primitive is a method of its name", () => {
  for (const prim of Object.keys(elementwiseRows)) {
    if (prim !== "cast") expect(methods[prim as OperationPrim], prim).toBeInstanceOf(Function);
  }
});
