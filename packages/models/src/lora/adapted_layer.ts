/** Layers with adapters: which are there, which one acts, and whether it is merged. */
import { noGrad } from "@heddle/autograd";
import { Module, ModuleDict } from "@heddle/nn";
import { keep, type Tensor, tidy } from "@heddle/tensor";
import type { LoraAdapter, LoraHost } from "./adapter.ts";

/** The adapters of a layer by name, in its property `lora`. */
export class LoraSlots extends ModuleDict<Record<string, LoraAdapter>> {
  /** The adapter that acts. */
  active: string | null = null;
  /** The adapter that the layer's weight contains. */
  merged: string | null = null;
  /** The weight before it was merged. */
  original: Tensor | null = null;

  /** The adapter that is added to the output. */
  get acting(): LoraAdapter | null {
    return this.active === null || this.merged !== null || !this.has(this.active) ? null : this.get(this.active);
  }
}

/** A layer with adapters. */
export type AdaptedLayer = LoraHost & { lora: LoraSlots };

/** Whether a module has adapters. */
export function isAdapted(module: Module): module is AdaptedLayer {
  return (module as unknown as Partial<AdaptedLayer>).lora instanceof LoraSlots;
}

/** The adapted layers of a model by name. */
export function adaptedLayers(model: Module): [string, AdaptedLayer][] {
  return model.namedModules().filter((each): each is [string, AdaptedLayer] => isAdapted(each[1]));
}

/** The modules of a model that are no adapters or parts of them. */
export function ownModules(model: Module): [string, Module][] {
  const parts = new Set(adaptedLayers(model).flatMap(([, { lora }]) => lora.modules()));
  return model.namedModules().filter(([, module]) => !parts.has(module));
}

/**
 * Gives a layer a class of its own, whose forward adds that of the adapter. The layer stays the same object with the same names, and
 * copies of it have the class and the adapters too.
 */
export function adapt(layer: LoraHost): AdaptedLayer {
  const base = Object.getPrototypeOf(layer) as LoraHost;
  const prototype = Object.create(base) as LoraHost;
  const constructor = Object.defineProperty(function () {}, "name", { value: base.constructor.name });
  const define = (name: string, value: unknown): void =>
    void Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  define("constructor", constructor);
  define("forward", function (this: Partial<AdaptedLayer>, ...args: [Tensor]): Tensor {
    const output = base.forward.apply(this as AdaptedLayer, args);
    const adapter = this.lora?.acting;
    return adapter ? output.add(adapter.forward(args[0])) : output;
  });
  Object.setPrototypeOf(layer, prototype);
  const adapted = layer as AdaptedLayer;
  adapted.lora = new LoraSlots();
  return adapted;
}

/** Takes the adapters and the class away again. */
export function unadapt(layer: AdaptedLayer): void {
  delete (layer as Partial<AdaptedLayer>).lora;
  Object.setPrototypeOf(layer, Object.getPrototypeOf(Object.getPrototypeOf(layer) as object) as object);
}

/** Adds the active adapter's change to the weight. */
export function mergeLayer({ weight, lora }: AdaptedLayer): void {
  const adapter = lora.acting;
  if (adapter === null) return;
  noGrad(() => {
    lora.original = tidy(() => keep(weight.detach().clone()));
    tidy(() => void weight.add_(adapter.delta()));
  });
  lora.merged = lora.active;
}

/** Restores the weight as it was, bit for bit. */
export function unmergeLayer({ weight, lora }: AdaptedLayer): void {
  const { original } = lora;
  if (original === null) return;
  noGrad(() => tidy(() => void weight.copy_(original.to(weight.device, weight.dtype))));
  lora.merged = null;
  lora.original = null;
  original.dispose();
}
