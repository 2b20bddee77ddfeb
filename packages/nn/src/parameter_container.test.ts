import { ones, tensor, zeros } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { Parameter } from "./parameter.ts";
import { ParameterDict, ParameterList } from "./parameter_container.ts";

describe("ParameterList", () => {
  test("makes parameters of tensors, found by their numbers", () => {
    const list = new ParameterList([tensor([1]), new Parameter(tensor([2, 3]))]);
    expect(list.namedParameters().map(([name, { shape }]) => [name, shape])).toEqual([["0", [1]], ["1", [2]]]);
    expect(list.length).toBe(2);
    expect(list.at(-1).requiresGrad).toBe(true);
    expect([...list]).toHaveLength(2);
  });
});

describe("ParameterDict", () => {
  test("keeps parameters by name, in order, and in state dicts", () => {
    const own = new Parameter(zeros([3]));
    const scales = new ParameterDict({ left: ones([2]), right: own });
    expect(scales.get("right")).toBe(own);
    expect(scales.get("left")).toBeInstanceOf(Parameter);
    expect(scales.get("left").requiresGrad).toBe(true);
    scales.set("a", tensor([1])).update({ left: tensor([5, 6, 7]) });
    expect([scales.size, scales.has("a"), scales.has("b")]).toEqual([3, true, false]);
    expect([...scales.keys()]).toEqual(["left", "right", "a"]);
    expect([...scales].map(([name, { shape }]) => [name, shape])).toEqual([["left", [3]], ["right", [3]], ["a", [1]]]);
    expect(scales.namedParameters().map(([name]) => name)).toEqual(["left", "right", "a"]);
    expect(scales.delete("left")).toBe(true);
    const other = new ParameterDict({ right: ones([3]), a: zeros([1]) });
    other.loadStateDict(scales.stateDict());
    expect(other.get("a").item()).toBe(1);
  });

  test("errors name what is there", () => {
    const scales = new ParameterDict({ left: ones([2]) });
    expect(() => scales.get("up")).toThrow('ParameterDict: there is no parameter "up"; there are "left"');
    expect(() => scales.set("a.b", ones([1]))).toThrow('ParameterDict: "a.b" is not a valid name');
    expect(() => scales.set("a", 3 as never)).toThrow();
  });
});
