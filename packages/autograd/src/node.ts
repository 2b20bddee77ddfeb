/** The recorded graph: nodes, the edges between them, and saved values. */
import { type DType, type Geometry, type Scalar, type Storage, Tensor } from "@heddle/tensor";
import type { Device } from "@heddle/tensor";
import { internals, makeTensor, type TapeSlot } from "@heddle/tensor/engine";
import { isGradEnabled } from "./grad_mode.ts";

/** The target of a gradient: an output of the node that made the tensor. */
export interface Edge {
  readonly node: Node;
  readonly index: number;
}

/** The properties that a tensor's gradient must have. */
export interface ValueMeta {
  readonly shape: readonly number[];
  /** The layout of the value in memory: a gradient with the same layout needs no copy. */
  readonly strides: readonly number[];
  readonly dtype: DType;
  readonly device: Device;
}

/** See {@link ValueMeta}. */
export function metaOf({ shape, strides, dtype, device }: Tensor): ValueMeta {
  return { shape, strides, dtype, device };
}

/** A function that is called with a gradient. */
export type Hook = (gradient: Tensor) => Tensor | void;

let sequence = 0;

/**
 * One recorded operation. It is reference-counted by tensor handles and nodes, so that its saved values are freed with the last of them,
 * whether or not backward ever ran.
 */
export abstract class Node {
  readonly name: string;
  /** Higher for later operations; inputs always have lower numbers. */
  readonly sequence: number;
  /** One for each input; null where no gradient is needed. */
  edges: (Edge | null)[];
  /** By output; null if there are none. */
  hooks: Hook[][] | null;
  /** Tensors with `retainGrad`, by output; null if there are none. */
  retained: Map<number, Tensor> | null;
  /** A failed backward pass from here that can be resumed. */
  suspended: { free(): void } | null;
  private references: number;

  constructor(name: string, edges: (Edge | null)[], sequenceNumber: number = ++sequence) {
    this.name = name;
    this.sequence = sequenceNumber;
    this.edges = edges;
    this.hooks = null;
    this.retained = null;
    this.suspended = null;
    this.references = 0;
    for (let i = 0; i < edges.length; i++) edges[i]?.node.retain();
  }

  /** Gradients of the inputs from those of the outputs (null: none arrived, or none is needed). */
  abstract run(gradients: readonly (Tensor | null)[]): readonly (Tensor | null)[];

  /** Frees the saved values; running again is an error from then on. */
  abstract clear(): void;

  retain(): void {
    this.references++;
  }

  /** Drops one reference. Iterative, since chains can be long. */
  release(): void {
    const pending: Node[] = [this];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (--node.references > 0) continue;
      node.clear();
      node.suspended?.free();
      node.suspended = null;
      for (const edge of node.edges) if (edge) pending.push(edge.node);
      node.edges = [];
    }
  }
}

/** The end of the graph: a tensor whose gradient is accumulated. */
export class Leaf extends Node {
  readonly tensor: Tensor;

  constructor(tensor: Tensor) {
    super("accumulateGrad", [], 0);
    this.tensor = tensor;
    this.retain(); // belongs to its tensor for good
  }

  run(): readonly (Tensor | null)[] {
    return [];
  }

  clear(): void {}
}

/** The autograd state of a tensor that needs a gradient. It is the edge to its history, too. */
export class Slot implements TapeSlot, Edge {
  readonly requiresGrad = true;
  readonly node: Node;
  readonly index: number;

  constructor(node: Node, index: number) {
    this.node = node;
    this.index = index;
    node.retain();
  }

  get isLeaf(): boolean {
    return this.node instanceof Leaf;
  }

  release(): void {
    this.node.release();
  }
}

/** The edge to a tensor's history, or null when it needs no gradient. */
export function edgeOf(tensor: Tensor): Edge | null {
  return internals(tensor).slot as Slot | null;
}

/** Gives a tensor a place in the graph, replacing the previous one. */
export function attach(tensor: Tensor, edge: Edge | null): void {
  internals(tensor).slot?.release();
  internals(tensor).slot = edge === null ? null : new Slot(edge.node, edge.index);
}

/** A new handle on a tensor's memory, in no scope, with the same history. */
export function alias(tensor: Tensor): Tensor {
  const copy = makeTensor(tensor.storage, tensor.dtype, tensor, false);
  attach(copy, edgeOf(tensor));
  return copy;
}

/** A value saved for backward. It holds the memory and detects overwrites. */
export class Saved {
  private readonly storage: Storage;
  private readonly dtype: DType;
  private readonly geometry: Geometry;
  private readonly version: number;
  private readonly edge: Edge | null;

  /** With `own`, the value is the output of the node that saves it, and must not keep the node alive. */
  constructor(tensor: Tensor, own: Edge | null = null) {
    this.storage = tensor.storage;
    this.dtype = tensor.dtype;
    this.geometry = { shape: tensor.shape, strides: tensor.strides, offset: tensor.offset };
    this.version = tensor.storage.version;
    this.edge = own ?? edgeOf(tensor);
    this.storage.retain();
  }

  /** The saved value. @throws Error when an in-place operation has changed it since. */
  unpack(operation: string): Tensor {
    if (this.storage.version !== this.version) {
      throw new Error(
        `backward: the value of shape [${
          this.geometry.shape.join(", ")
        }] that the gradient of "${operation}" needs was modified by an ` +
          `in-place operation (version ${this.storage.version}, expected ${this.version}); use the form without _, or clone() before writing`,
      );
    }
    const tensor = makeTensor(this.storage, this.dtype, this.geometry);
    if (isGradEnabled()) attach(tensor, this.edge);
    return tensor;
  }

  /** One more holder, which releases it as well. */
  share(): Saved {
    this.storage.retain();
    return this;
  }

  release(): void {
    this.storage.release();
  }
}

/** A saved operand: a tensor's memory, or a JavaScript value. */
export type SavedOperand = Saved | Scalar;

/** The error for running a node whose saved values are freed. */
export function clearedError(operation: string): Error {
  return new Error(
    `backward: the values that the gradient of "${operation}" needs were freed when backward ran before; to run it twice over the same ` +
      `graph give the first call { retainGraph: true }`,
  );
}
