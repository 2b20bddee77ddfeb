/** A new head for other classes. */
import { type LayerOptions, Linear, type Module, Sequential } from "@heddle/nn";

/**
 * Replaces the linear layer that ends a classifier, its last module or the last layer of a `Sequential` there, by a new one with so many
 * outputs. It has the dtype and the device of the old one; its weights are drawn as `Linear` draws them. Give its parameters to the
 * optimiser afterwards: those of the old one are not part of the network any more.
 *
 * @returns the new layer.
 * @throws TypeError for a network that does not end in a linear layer.
 *
 * @example
 * ```ts
 * import { replaceHead, resnet18 } from "@heddle/models";
 * const net = resnet18();
 * const head = replaceHead(net, 10); // net.fc = new Linear(512, 10)
 * head.weight.shape; // [10, 512]
 * ```
 */
export function replaceHead(model: Module, numClasses: number, options: Pick<LayerOptions, "generator"> = {}): Linear {
  const [name, last] = model.namedChildren().at(-1) ?? ["", null];
  const place = last instanceof Sequential ? last : model;
  const old = place instanceof Sequential && place.length > 0 ? place.at(-1) : last;
  if (!(old instanceof Linear)) {
    const shown = old === null
      ? "has no modules"
      : `ends in ${name}, whose last layer is of class ${old.constructor.name}`;
    throw new TypeError(
      `replaceHead: ${model.constructor.name} ${shown}; expected a Linear, or a Sequential that ends in one. Assign the new ` +
        `layer to its place yourself`,
    );
  }
  const { dtype, device } = old.weight;
  const head = new Linear(old.inFeatures, numClasses, { bias: old.bias !== null, dtype, device, ...options });
  head.train(old.training);
  if (place instanceof Sequential) place.set(-1, head);
  else {
    const property = Object.keys(model).find((key) => (model as unknown as Record<string, unknown>)[key] === old)!;
    (model as unknown as Record<string, unknown>)[property] = head;
  }
  return head;
}
