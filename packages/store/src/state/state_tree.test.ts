import { Tensor, tensor } from "@heddle/tensor";
import { expect, test } from "vitest";
import { joinState, splitState } from "./state_tree.ts";

const roundTrip = (state: unknown): unknown => joinState(splitState(state));

test("plain data comes back as it was, tensors with their names", () => {
  const weight = tensor([[1, 2], [3, 4]]);
  const state = { model: { "c1.weight": weight }, epoch: 3, note: 'a "b"', list: [1, [true, null]], empty: {} };
  const { json, tensors } = splitState(state);
  expect(Object.keys(tensors)).toEqual(["model.c1.weight"]);
  expect(json).not.toContain("[1,2]");
  const back = joinState({ json, tensors }) as typeof state;
  expect(back.model["c1.weight"]).toBe(weight);
  expect({ ...back, model: null }).toEqual({ ...state, model: null });
});

test("numbers that JSON has not come back, and undefined fields are left out", () => {
  const back = roundTrip({ a: NaN, b: Infinity, c: [-Infinity, -0], d: undefined }) as Record<string, unknown>;
  expect(back).toEqual({ a: NaN, b: Infinity, c: [-Infinity, -0] });
  expect(Object.keys(back)).toEqual(["a", "b", "c"]);
});

test("long lists of numbers become tensors on the way, to the last bit", () => {
  const losses = Array.from({ length: 100 }, (_, i) => i === 50 ? NaN : 1 / (i + 3));
  const split = splitState({ losses });
  expect(split.tensors["losses"]).toBeInstanceOf(Tensor);
  expect(split.tensors["losses"]!.dtype).toBe("float64");
  expect(roundTrip({ losses })).toEqual({ losses });
});

test("typed arrays come back as what they were", () => {
  const state = { pixels: Uint8Array.of(0, 255), nested: [{ codes: Float32Array.of(0.1, NaN) }] };
  expect(roundTrip(state)).toEqual(state);
});

test("what is no plain data is refused with its path", () => {
  expect(() => splitState({ a: [{ b: new Map() }] })).toThrow("splitState: a[0].b is an object of class Map");
  expect(() => splitState({ f: () => 1 })).toThrow("splitState: f is a function");
  expect(() => splitState({ n: 1n })).toThrow("splitState: n is a bigint");
  expect(() => splitState({ "a.b": tensor(1), a: { b: tensor(2) } })).toThrow('two tensors would be called "a.b"');
  expect(() => joinState({ json: '{"$tensor":"gone"}', tensors: {} })).toThrow('the tensor "gone" is missing');
});

test("fields with the names of the forms stay what they are", () => {
  const state = {
    a: { $number: "5" },
    b: { $tensor: "gone" },
    c: [{ $typed: "x", $$numbers: ["y"], $: 1 }],
    $$: { x: 1 },
  };
  const back = JSON.parse(JSON.stringify(roundTrip(state)));
  expect(JSON.stringify(back)).toBe(JSON.stringify(state));
  const odd = splitState({ constructor: tensor([1, 2]), toString: tensor(1) });
  expect(Object.keys(odd.tensors)).toEqual(["constructor", "toString"]);
});

test("the name __proto__ is refused both ways", () => {
  const state = JSON.parse('{"a":{"__proto__":{"x":1}}}');
  expect(() => splitState(state)).toThrow('splitState: the name "__proto__" is not allowed');
  expect(() => joinState({ json: JSON.stringify(state), tensors: {} })).toThrow('there is a field "__proto__"');
});
