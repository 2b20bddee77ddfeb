import { grad } from "@heddle/autograd";
import { ones, randn, type Tensor, tensor } from "@heddle/tensor";
import { describe, expect, test } from "vitest";
import { ConvTranspose2d, deepCopy, GRU, LazyLinear, Linear, Module, parametrize, Sequential } from "./mod.ts";
import { removeWeightNorm, spectralNorm, weightNorm } from "./weight_norm.ts";

const { isParametrized, registerParametrization, removeParametrizations } = parametrize;

class Exponential extends Module {
  forward(x: Tensor): Tensor {
    return x.exp();
  }
  rightInverse(y: Tensor): Tensor {
    return y.log();
  }
}

class Product extends Module {
  forward(left: Tensor, right: Tensor): Tensor {
    return left.mul(right);
  }
  rightInverse(y: Tensor): Tensor[] {
    return [y, y.mul(0).add(1)];
  }
}

const close = (a: Tensor, b: Tensor): boolean => a.allclose(b, { rtol: 1e-5, atol: 1e-6 });

describe("parametrizations", () => {
  test("compute a parameter from another, which is trained and saved", () => {
    const layer = new Linear(2, 3);
    const weight = layer.weight.detach().abs().add(0.1).clone();
    layer.weight.detach().copy_(weight);
    const parameter = layer.weight;
    expect(registerParametrization(layer, "weight", new Exponential())).toBe(layer);
    expect(close(layer.weight, weight)).toBe(true);
    expect(Object.keys(layer.stateDict())).toEqual(["bias", "parametrizations.weight.original"]);
    expect(layer.parameters()[1]).toBe(parameter);
    expect(layer.constructor.name).toBe("ParametrizedLinear");
    expect(isParametrized(layer, "weight") && isParametrized(layer) && !isParametrized(layer, "bias")).toBe(true);

    layer.forward(ones([1, 2])).sum().backward();
    expect(close(parameter.grad!, weight)).toBe(true);
    (layer as { weight: Tensor }).weight = ones([3, 2]);
    expect(close(parameter.detach(), ones([3, 2]).mul(0))).toBe(true);

    removeParametrizations(layer, "weight");
    expect(layer.constructor.name).toBe("Linear");
    expect(layer.weight).toBe(parameter);
    expect(close(layer.weight.detach(), ones([3, 2]))).toBe(true);
    expect(Object.keys(layer.stateDict())).toEqual(["bias", "weight"]);
  });

  test("follow one another, and may have several originals", () => {
    const layer = new Linear(2, 3);
    const weight = layer.weight.detach().clone();
    registerParametrization(layer, "weight", new Product());
    registerParametrization(layer, "weight", new Exponential());
    registerParametrization(layer, "bias", new Exponential(), { unsafe: true });
    expect(close(layer.weight.detach(), weight.exp())).toBe(true);
    expect(Object.keys(layer.stateDict())).toEqual([
      "parametrizations.weight.original0",
      "parametrizations.weight.original1",
      "parametrizations.bias.original",
    ]);
    expect(() => removeParametrizations(layer, "weight", { leaveParametrized: false })).toThrow(/2 originals/);
    removeParametrizations(layer, "bias", { leaveParametrized: false });
    removeParametrizations(layer, "weight");
    expect(close(layer.weight.detach(), weight.exp())).toBe(true);
    expect(layer.weight.requiresGrad).toBe(true);
  });

  test("copies and states are independent of the original", () => {
    const net = new Sequential(
      registerParametrization(new Linear(2, 2), "weight", new Exponential(), { unsafe: true }),
    );
    const copy = deepCopy(net);
    net.parameters()[1]!.detach().fill_(0);
    expect(close(net.at(0).weight.detach(), ones([2, 2]))).toBe(true);
    expect(close(copy.at(0).weight.detach(), ones([2, 2]))).toBe(false);
    copy.loadStateDict(net.stateDict());
    expect(close(copy.at(0).weight.detach(), ones([2, 2]))).toBe(true);
    expect(net.to("float64").at(0).weight.dtype).toBe("float64");
  });

  test("errors name the parameter", () => {
    class Halves extends Module {
      forward(x: Tensor): Tensor {
        return x.narrow(0, 0, 1);
      }
    }
    expect(() => registerParametrization(new Linear(2, 2), "weights", new Halves())).toThrow(
      /Linear has no parameter "weights"; it has weight, bias/,
    );
    expect(() => registerParametrization(new Linear(2, 2), "weight", new Halves())).toThrow(
      /Halves.*\[1, 2\].*\[2, 2\]/,
    );
    expect(() => removeParametrizations(new Linear(2, 2), "weight")).toThrow(/Linear.weight has no parametrization/);
  });
});

describe("norms of weights", () => {
  test("weightNorm keeps the weight, and separates length from direction", () => {
    const layer = new Linear(3, 2);
    const weight = layer.weight.detach().clone();
    weightNorm(layer);
    expect(Object.keys(layer.stateDict())).toEqual(["bias", "weight_g", "weight_v"]);
    expect(close(layer.weight.detach(), weight)).toBe(true);
    const [, g, v] = layer.parameters();
    expect(close(g!.detach(), weight.norm(2, 1, { keepdim: true }))).toBe(true);
    const [ofV] = grad([layer.forward(ones([1, 3])).sum()], [v!]);
    expect(ofV!.mul(v!).sum(1).abs().amax().item()).toBeLessThan(1e-6); // across the direction
    g!.detach().mul_(2);
    expect(close(layer.weight.detach(), weight.mul(2))).toBe(true);
    removeWeightNorm(layer);
    expect(close(layer.weight.detach(), weight.mul(2))).toBe(true);
    expect(layer.constructor.name).toBe("Linear");
    expect(() => removeWeightNorm(layer)).toThrow(/weight_g/);
  });

  test("weightNorm of recurrent layers, and over all dimensions", () => {
    const layer = new GRU(2, 3);
    const x = randn([4, 1, 2]);
    const [before] = layer.forward(x);
    const key = Object.keys(layer).find((name) => layer.stateKey(name) === "weight_hh_l0")!;
    weightNorm(layer, key, { dim: null });
    expect(close(layer.forward(x)[0], before)).toBe(true);
    expect(layer.stateDict()["weight_hh_l0_g"]!.shape).toEqual([]);
  });

  test("spectralNorm divides by the largest singular value", () => {
    const layer = new Linear(3, 2);
    layer.weight.detach().copy_(tensor([[0, 5, 0], [0, 0, 3]]));
    spectralNorm(layer, "weight", { nPowerIterations: 30 });
    expect(close(layer.weight.detach(), tensor([[0, 1, 0], [0, 0, 0.6]]))).toBe(true);
    expect(Object.keys(layer.stateDict())).toEqual([
      "bias",
      "parametrizations.weight.original",
      "parametrizations.weight.0._u",
      "parametrizations.weight.0._v",
    ]);
    layer.eval();
    const u = layer.stateDict()["parametrizations.weight.0._u"]!.clone();
    layer.forward(ones([1, 3])).sum().backward();
    expect(layer.stateDict()["parametrizations.weight.0._u"]!.equal(u)).toBe(true);
    expect(layer.parameters()[1]!.grad).not.toBeNull();
    const transposed = spectralNorm(new ConvTranspose2d(2, 3, 2));
    expect(transposed.stateDict()["parametrizations.weight.0._u"]!.shape).toEqual([3]);
    expect(spectralNorm(new Linear(2, 4), "bias").bias!.norm().item()).toBeCloseTo(1);
  });
});

test("a lazy layer has no shape to parametrize before its first forward", () => {
  const layer = new LazyLinear(3);
  const message = 'LazyLinear does not know the shape of "weight" before its first forward; call forward once';
  expect(() => registerParametrization(layer, "weight", new Exponential())).toThrow(
    `registerParametrization: ${message}`,
  );
  expect(() => weightNorm(layer)).toThrow(`weightNorm: ${message}`);
  layer.forward(ones([2, 4]));
  expect(weightNorm(layer).forward(ones([2, 4])).shape).toEqual([2, 3]);
});
