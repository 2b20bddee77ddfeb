/** Recording: the tape that tensor operations call. */
import { full, isFloat, type Operand, Tensor } from "@heddle/tensor";
import {
  apply,
  type Attrs,
  type ElementwisePrim,
  internals,
  type Prim,
  type Tape,
  type ViewSource,
  widened,
} from "@heddle/tensor/engine";
import { type Epilogue, type ViewStep } from "@heddle/tensor/backend";
import { backward } from "./engine.ts";
import { recordExpression } from "./fused.ts";
import { gradientKernel, twinAfter, twinBefore } from "./gradient_kernels.ts";
import { enableGrad, isEvaluating, isGradEnabled, noGrad } from "./grad_mode.ts";
import {
  attach,
  clearedError,
  type Edge,
  edgeOf,
  Leaf,
  metaOf,
  Node,
  Saved,
  type SavedOperand,
  Slot,
  type ValueMeta,
} from "./node.ts";
import { elementwiseRules } from "./rules/elementwise.ts";
import { rules } from "./rules/mod.ts";
import { rowRules } from "./rules/rows.ts";
import type { Context, ElementwiseRules, ElementwiseValues, InputRule, JointRule, Rule, Value } from "./rules/rule.ts";
import { broadcastSum, toMeta } from "./undo_broadcast.ts";

const operandNames: readonly Value[] = ["a", "b", "c"];

function isJoint<P extends Prim>(rule: Rule<P> | JointRule<P>): rule is JointRule<P> {
  return "gradients" in rule;
}

/** The rule of an input; the last applies to all further inputs. */
function ruleFor<P extends Prim>(rule: Rule<P>, input: number): InputRule<P> | null {
  return rule[Math.min(input, rule.length - 1)] ?? null;
}

/** Primitives whose gradients take several steps: for float16 and bfloat16 these are computed in float32. */
const composed: ReadonlySet<string> = new Set(["prod", "amax", "amin", "cumprod", "scatter"]);

/** Whether an operand of a product was broadcast, so that its gradient is summed after its product. */
function isRepeated({ shape }: ValueMeta, g: Tensor): boolean {
  return shape.length > 1 && g.shape.slice(0, -2).some((size, d) => size !== shape[d + shape.length - g.ndim]);
}

/** A recorded primitive, with its rule and the values that the rule reads. */
class PrimitiveNode<P extends Prim> extends Node {
  private readonly rule: Rule<P> | JointRule<P>;
  private readonly attrs: Attrs[P];
  private readonly inputs: readonly ValueMeta[];
  /** The values that the needed gradients read: their names, and what was saved of each. */
  private readonly names: readonly Value[];
  private saved: readonly SavedOperand[] | null;

  constructor(
    prim: P,
    edges: (Edge | null)[],
    rule: Rule<P> | JointRule<P>,
    inputs: readonly Operand[],
    attrs: Attrs[P],
    outputs: readonly Tensor[],
  ) {
    super(prim, edges);
    this.rule = rule;
    this.attrs = attrs;
    this.inputs = inputs.map((input) => metaOf(input instanceof Tensor ? input : outputs[0]!));
    const names: Value[] = [];
    const saved: SavedOperand[] = [];
    const read = (wanted: readonly Value[]): void => {
      for (const name of wanted) {
        if (names.includes(name)) continue;
        saved.push(this.save(name, inputs, outputs, names, saved));
        names.push(name);
      }
    };
    if (isJoint(rule)) read(rule.reads(inputs.length, attrs));
    else {
      for (let i = 0; i < edges.length; i++) {
        const of = edges[i] ? ruleFor(rule, i) : null;
        if (of !== null) read(typeof of.reads === "function" ? of.reads(attrs) : of.reads);
      }
    }
    this.names = names;
    this.saved = saved;
  }

  private save(
    name: Value,
    inputs: readonly Operand[],
    outputs: readonly Tensor[],
    names: readonly Value[],
    saved: readonly SavedOperand[],
  ): SavedOperand {
    if (name === "out") return new Saved(outputs[0]!, { node: this, index: 0 });
    if (name === "indices" || name === "second") return new Saved(outputs[1]!);
    if (name === "third") return new Saved(outputs[2]!);
    const input = inputs[operandNames.indexOf(name)]!;
    if (!(input instanceof Tensor)) return input;
    // One tensor in several places is saved once.
    const there = saved[names.findIndex((other) => inputs[operandNames.indexOf(other)] === input)];
    return there instanceof Saved ? there.share() : new Saved(input);
  }

  run(gradients: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
    const { saved, name, edges } = this;
    if (saved === null) throw clearedError(name);
    const given = gradients[0];
    if (!given) return edges.map(() => null);
    const fusible = elementwiseRules[name as ElementwisePrim] as ElementwiseRules | undefined;
    if (fusible !== undefined && !isGradEnabled()) return this.asKernels(given, saved, fusible);
    const inSteps = composed.has(name) || (isGradEnabled() && (fusible !== undefined || name in rowRules)) ||
      (name === "matmul" && this.inputs.some((input) => isRepeated(input, given)));
    const widen = inSteps ? widened<Tensor> : (value: Tensor): Tensor => value;
    const g = widen(given);
    const values: Partial<Record<Value, Operand>> = {};
    for (let i = 0; i < saved.length; i++) {
      const value = saved[i]!;
      values[this.names[i]!] = value instanceof Saved
        ? widen(value.unpack(name))
        : widen(full([], value, { dtype: this.inputs[0]!.dtype, device: g.device }));
    }
    const { rule: all } = this;
    if (isJoint(all)) {
      const context = { ...values, attrs: this.attrs, inputs: this.inputs, input: 0 } as Context<P>;
      const gradients = all.gradients(g, context, edges.map((edge) => edge !== null));
      return edges.map((edge, i) => edge && gradients[i] ? toMeta(gradients[i], this.inputs[i]!) : null);
    }
    return edges.map((edge, input) => {
      if (edge === null) return null;
      const context = { ...values, attrs: this.attrs, inputs: this.inputs, input } as Context<P>;
      return toMeta(ruleFor(all, input)!.gradient(g, context), this.inputs[input]!);
    });
  }

  /**
   * The gradients of an element-wise primitive, as one kernel for each input: sums over what was broadcast are part of it, and so is the
   * gradient of another operand that is the same tensor.
   */
  private asKernels(g: Tensor, saved: readonly SavedOperand[], rules: ElementwiseRules): readonly (Tensor | null)[] {
    const { edges } = this;
    const values: Operand[] = [];
    for (let i = 0; i < saved.length; i++) {
      const value = saved[i]!;
      const before = saved.indexOf(value);
      values.push(value instanceof Saved ? before < i ? values[before]! : value.unpack(this.name) : value);
    }
    const gradients: (Tensor | null)[] = [];
    for (let i = 0; i < edges.length; i++) {
      const edge = edges[i] ?? null;
      if (edge === null || twinBefore(edges, i)) {
        gradients.push(null);
        continue;
      }
      const twin = twinAfter(edges, i);
      const meta = this.inputs[i]!;
      const kernel = gradientKernel(this.name, rules, i, twin);
      const sum = broadcastSum(g.shape, meta);
      gradients.push(toMeta(
        kernel === null
          ? rules[i]!.gradient(g, {} as ElementwiseValues<Tensor>)
          : sum === null
          ? kernel.each(this.operands(g, kernel.reads, values))
          : kernel.sum(this.operands(g, kernel.reads, values), sum.dims, sum.keepdim),
        meta,
      ));
    }
    return gradients;
  }

  private operands(g: Tensor, reads: readonly Value[], values: readonly Operand[]): Operand[] {
    const operands: Operand[] = [g];
    for (const name of reads) operands.push(values[this.names.indexOf(name)]!);
    return operands;
  }

  clear(): void {
    if (this.saved === null) return;
    for (const value of this.saved) if (value instanceof Saved) value.release();
    this.saved = null;
  }
}

/**
 * A base after an in-place write to one of its views (to the whole base if there is no path): the old base outside the view, the new
 * value inside.
 */
class ViewWrite extends Node {
  private readonly path: readonly ViewStep[];

  constructor(base: Tensor, path: readonly ViewStep[], value: Tensor) {
    super("viewWrite", [edgeOf(base), edgeOf(value)]);
    this.path = path;
  }

  private through(x: Tensor): Tensor {
    return this.path.reduce((view, { prim, attrs }) => apply(prim, [view], attrs), x);
  }

  run([g]: readonly (Tensor | null)[]): readonly (Tensor | null)[] {
    if (!g) return [null, null];
    const outside = this.edges[0] ? g.clone() : null;
    if (outside) this.through(outside).zero_();
    return [outside, this.edges[1] ? this.through(g) : null];
  }

  clear(): void {}
}

/** The views from the base to a tensor. */
function pathOf(tensor: Tensor): { base: Tensor; path: ViewStep[] } {
  const path: ViewStep[] = [];
  let base = tensor;
  for (let source = liveSource(base); source !== null; source = liveSource(base)) {
    path.unshift({ prim: source.prim, attrs: source.attrs } as ViewStep);
    base = source.tensor;
  }
  return { base, path };
}

/** The base of a view; a freed base can no longer be written through. */
function liveSource(tensor: Tensor): ViewSource | null {
  const { source } = internals(tensor);
  return source === null || source.tensor.isDisposed ? null : source;
}

function record<P extends Prim>(
  prim: P,
  inputs: readonly Operand[],
  attrs: Attrs[P],
  outputs: readonly Tensor[],
): void {
  const rule = rules[prim] as Rule<P> | JointRule<P> | null;
  for (const input of inputs) if (input instanceof Tensor && internals(input).source !== null) refresh(input);
  if (rule === null || !isFloat(outputs[0]!.dtype)) return;
  let wanted = false;
  const edges: (Edge | null)[] = [];
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i];
    const has = input instanceof Tensor && internals(input).slot !== null &&
      (isJoint(rule) || ruleFor(rule, i) !== null);
    edges.push(has ? edgeOf(input) : null);
    wanted ||= has;
  }
  if (!wanted) return;
  const edge: Edge = { node: new PrimitiveNode(prim, edges, rule, inputs, attrs, outputs), index: 0 };
  const rectifies = (attrs as Epilogue).activation === "relu" && !isJoint(rule);
  attach(outputs[0]!, rectifies ? rectified(edge, outputs[0]!) : edge);
}

/** The node of an activation that was computed in the kernel of a product. */
function rectified(edge: Edge, out: Tensor): Edge {
  return { node: new PrimitiveNode("relu", [edge], rules.relu!, [out], {}, [out]), index: 0 };
}

/** Updates the history of a view whose base has been written to since: it becomes a view of the new base. */
function refresh(tensor: Tensor): void {
  let root = tensor;
  for (let source = liveSource(root); source !== null; source = liveSource(root)) root = source.tensor;
  if (root === tensor || internals(tensor).historyEpoch === internals(root).historyEpoch) return;
  const { base, path } = pathOf(tensor);
  internals(tensor).historyEpoch = internals(base).historyEpoch;
  if (internals(base).slot === null) return attach(tensor, null);
  const again = enableGrad(() => path.reduce((view, { prim, attrs }) => apply(prim, [view], attrs), base));
  attach(tensor, edgeOf(again));
}

function recordsWrite(operation: string, target: Tensor, inputs: readonly Operand[]): boolean {
  if (!isGradEnabled()) return false;
  const { base } = pathOf(target);
  refresh(target);
  if (base.requiresGrad && base.isLeaf) {
    throw new Error(
      `${operation}: ${
        base === target ? "this leaf" : "this view of a leaf"
      } needs a gradient, and writing to it would lose what the gradient ` +
        `is of; write inside noGrad(() => …), or to a clone()`,
    );
  }
  return internals(base).slot !== null || internals(target).slot !== null ||
    inputs.some((input) => input instanceof Tensor && input.requiresGrad);
}

function wrote(target: Tensor, written: Tensor): void {
  const value = written.dtype === target.dtype ? written : written.to(target.dtype);
  const { base, path } = pathOf(target);
  internals(base).historyEpoch++;
  // As in PyTorch, writing a constant over the whole tensor keeps the history, for gradients of zero.
  if (base === target && internals(value).slot !== null) return attach(target, edgeOf(value));
  attach(base, { node: new ViewWrite(base, path, value), index: 0 });
  refresh(target);
}

function slotOf(operation: string, tensor: Tensor): Slot {
  if (!tensor.requiresGrad) {
    throw new Error(
      `${operation}: the tensor of shape [${
        tensor.shape.join(", ")
      }] needs no gradient; call requiresGrad_() on it, or on what it is made from`,
    );
  }
  return internals(tensor).slot as Slot;
}

/** The engine's interface to tensors. */
export const tape: Tape = {
  get enabled(): boolean {
    return isGradEnabled();
  },
  get evaluates(): boolean {
    return isEvaluating();
  },
  record,
  recordExpression,
  recordsWrite,
  wrote,
  refresh,
  setRequiresGrad(tensor, value) {
    if (value && !isFloat(tensor.dtype)) {
      throw new TypeError(
        `requiresGrad: only floating-point tensors have gradients, this one is ${tensor.dtype}; cast with .to("float32")`,
      );
    }
    if (!value && !tensor.isLeaf) {
      throw new Error(
        "requiresGrad: a tensor that was computed from others cannot be told to need no gradient; use detach()",
      );
    }
    attach(tensor, value ? { node: new Leaf(tensor), index: 0 } : null);
  },
  retainGrad(tensor) {
    const slot = slotOf("retainGrad", tensor);
    if (!slot.isLeaf) (slot.node.retained ??= new Map()).set(slot.index, tensor);
  },
  gradFn(tensor) {
    if (internals(tensor).source !== null) refresh(tensor);
    const slot = internals(tensor).slot as Slot | null;
    return slot === null || slot.isLeaf ? null : slot.node;
  },
  backward(tensor, gradient, options) {
    backward([tensor], gradient === undefined ? undefined : [gradient], options);
  },
  registerHook(tensor, hook) {
    const { node, index } = slotOf("registerHook", tensor);
    const hooks = (node.hooks ??= [])[index] ??= [];
    hooks.push(hook);
    return () => {
      const at = hooks.indexOf(hook);
      if (at >= 0) hooks.splice(at, 1);
    };
  },
  paused: noGrad,
};
