/** The recorded graph: nodes, the edges between them, and what they saved. */
import { type DType, type Geometry, type Scalar, type Storage, Tensor } from "@heddle/tensor";
import type { Device } from "@heddle/tensor";
import { internals, makeTensor, type TapeSlot } from "@heddle/tensor/engine";
import { isGradEnabled } from "./grad_mode.ts";

/** Where a gradient goes: an output of the node that made the tensor. */
export interface Edge {
  readonly node: Node;
  readonly index: number;
}

/** What a gradient must look like to be a tensor's. */
export interface ValueMeta {
  readonly shape: readonly number[];
  /** How the value lies in memory: a gradient that lies likewise saves a copy. */
  readonly strides: readonly number[];
  readonly dtype: DType;
  readonly device: Device;
}

/** See {@link ValueMeta}. */
export function metaOf({ shape, strides, dtype, device }: Tensor): ValueMeta {
  return { shape, strides, dtype, device };
}

/** A function on a gradient as it passes. */
export type Hook = (gradient: Tensor) => Tensor | void;

let sequence = 0;

/**
 * One recorded operation. Counted by the tensor handles and the nodes that refer to it, so that what it saved is freed as soon as
 * the last of them goes, whether or not backward ever ran.
 */
export abstract class Node {
  readonly name: string;
  /** Higher for later operations; inputs always have lower numbers. */
  readonly sequence: number;
  /** By input; null where no gradient is wanted. */
  edges: (Edge | null)[];
  /** By output. */
  readonly hooks: Hook[][];
  /** Tensors with `retainGrad`, by output. */
  readonly retained: Map<number, Tensor>;
  /** A backward pass from here that failed on its way and may go on. */
  suspended: { free(): void } | null;
  private references: number;

  constructor(name: string, edges: (Edge | null)[], sequenceNumber: number = ++sequence) {
    this.name = name;
    this.sequence = sequenceNumber;
    this.edges = edges;
    this.hooks = [];
    this.retained = new Map();
    this.suspended = null;
    this.references = 0;
    for (const edge of edges) edge?.node.retain();
  }

  /** Gradients of the inputs from those of the outputs (null: none arrived, or none is wanted). */
  abstract run(gradients: readonly (Tensor | null)[]): readonly (Tensor | null)[];

  /** Lets go of what was saved; running again is an error from then on. */
  abstract clear(): void;

  retain(): void {
    this.references++;
  }

  /** One reference less. Iterative, since chains can be long. */
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

/** What hangs on a tensor that needs a gradient. */
export class Slot implements TapeSlot {
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
  const slot = internals(tensor).slot as Slot | null;
  return slot === null ? null : { node: slot.node, index: slot.index };
}

/** Hangs a place in the graph on a tensor, in exchange for what was there. */
export function attach(tensor: Tensor, edge: Edge | null): void {
  internals(tensor).slot?.release();
  internals(tensor).slot = edge === null ? null : new Slot(edge.node, edge.index);
}

/** A handle of its own on a tensor's memory, in no scope; the history goes with it. */
export function alias(tensor: Tensor): Tensor {
  const copy = makeTensor(tensor.storage, tensor.dtype, tensor, false);
  attach(copy, edgeOf(tensor));
  return copy;
}

/** A value that backward needs, holding its memory. Notices when it was overwritten. */
export class Saved {
  private readonly storage: Storage;
  private readonly dtype: DType;
  private readonly geometry: Geometry;
  private readonly version: number;
  private readonly edge: Edge | null;

  /** With `own`, the value is the output of the node that saves it, which must not hold itself. */
  constructor(tensor: Tensor, own: Edge | null = null) {
    this.storage = tensor.storage;
    this.dtype = tensor.dtype;
    this.geometry = { shape: tensor.shape, strides: tensor.strides, offset: tensor.offset };
    this.version = tensor.storage.version;
    this.edge = own ?? edgeOf(tensor);
    this.storage.retain();
  }

  /** The value again. @throws Error when an in-place operation changed it since. */
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

  release(): void {
    this.storage.release();
  }
}

/** A saved operand: a tensor's memory, or a JavaScript value. */
export type SavedOperand = Saved | Scalar;

/** The error for running a node whose values are gone. */
export function clearedError(operation: string): Error {
  return new Error(
    `backward: the values that the gradient of "${operation}" needs were freed when backward ran before; to run it twice over the same ` +
      `graph give the first call { retainGraph: true }`,
  );
}
