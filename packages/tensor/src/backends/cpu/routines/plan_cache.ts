/** Keeps the plans of routines, by the geometry of their operands. */
import type { Operand } from "../../../ir/kernel.ts";
import type { Attrs, RoutinePrim } from "../../../prims/attrs.ts";
import type { Engine } from "../engine.ts";
import type { CpuRoutine } from "./cpu_routine.ts";
import type { CpuOperand } from "./operand.ts";
import { Plan, type Planner, sourcePattern } from "./plan.ts";

/** The most bytes of the plans of an engine, about. When they take more, those that were not used for longest are dropped. */
const mostBytes = 2 ** 25;

/** A geometry with its plan. */
interface Kept {
  readonly planner: unknown;
  readonly inputs: readonly Operand[];
  readonly outputs: readonly Operand[];
  readonly sources: number;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly attrCount: number;
  readonly plan: Plan;
}

/** The plans of an engine, by a hash of the geometry. */
class Plans {
  private readonly byHash: Map<number, Kept[]> = new Map();
  private bytes = 0;

  /** The plan for a geometry, which still holds. */
  plan<P extends RoutinePrim>(
    engine: Engine,
    planner: Planner<P>,
    inputs: readonly CpuOperand[],
    outputs: readonly CpuOperand[],
    attrs: Attrs[P],
  ): Plan {
    const sources = sourcePattern(inputs.map(({ source }) => source));
    const hash = hashOf(outputs, hashOf(inputs, sources));
    const list = this.byHash.get(hash) ?? [];
    for (let at = 0; at < list.length; at++) {
      const kept = list[at]!;
      const same = kept.planner === planner && kept.sources === sources && sameOperands(kept.inputs, inputs) &&
        sameOperands(kept.outputs, outputs) && sameAttrs(kept, attrs);
      if (!same) continue;
      const { plan } = kept;
      if (plan.holds()) return plan;
      list.splice(at, 1);
      this.drop(plan);
      break;
    }
    const plan = Plan.of(engine, planner, inputs, outputs, attrs);
    // Callers may write to the arrays later.
    const operand = ({ dtype, shape, strides }: Operand): Operand => ({
      dtype,
      shape: [...shape],
      strides: [...strides],
    });
    const entries = Object.entries(attrs).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]);
    list.push({
      planner,
      inputs: inputs.map(operand),
      outputs: outputs.map(operand),
      sources,
      attrs: Object.fromEntries(entries),
      attrCount: entries.length,
      plan,
    });
    this.byHash.set(hash, list);
    this.bytes += plan.bytes;
    if (this.bytes > mostBytes) this.evict();
    return plan;
  }

  /** Drops plans, the least recently used first, until the others take half of the memory. The last one stays. */
  private evict(): void {
    const plans = [...this.byHash.values()].flat().sort((a, b) => a.plan.used - b.plan.used);
    plans.pop();
    const dropped = new Set<Kept>();
    for (const kept of plans) {
      if (this.bytes <= mostBytes / 2) break;
      this.drop(kept.plan);
      dropped.add(kept);
    }
    for (const [hash, list] of this.byHash) {
      const left = list.filter((kept) => !dropped.has(kept));
      if (left.length > 0) this.byHash.set(hash, left);
      else this.byHash.delete(hash);
    }
  }

  private drop(plan: Plan): void {
    this.bytes -= plan.bytes;
    plan.release();
  }
}

function hashOf(operands: readonly Operand[], seed: number): number {
  let hash = seed;
  for (let i = 0; i < operands.length; i++) {
    const { shape, strides } = operands[i]!;
    for (let d = 0; d < shape.length; d++) {
      hash = Math.imul(hash ^ shape[d]!, 0x9e3779b1);
      hash = Math.imul((hash >>> 15) ^ hash ^ strides[d]!, 0x85ebca6b);
    }
  }
  return hash;
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function sameOperands(a: readonly Operand[], b: readonly Operand[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (x.dtype !== y.dtype || !sameNumbers(x.shape, y.shape) || !sameNumbers(x.strides, y.strides)) return false;
  }
  return true;
}

/** Whether attributes are the same: numbers, strings, booleans and arrays of numbers. */
function sameAttrs({ attrs, attrCount }: Kept, wanted: object): boolean {
  let count = 0;
  for (const name in wanted) {
    const [a, b] = [attrs[name], (wanted as Record<string, unknown>)[name]];
    if (Array.isArray(b) ? !Array.isArray(a) || !sameNumbers(a, b) : !Object.is(a, b)) return false;
    count++;
  }
  return count === attrCount;
}

const plans: WeakMap<Engine, Plans> = new WeakMap();

/** A routine that is planned once for each geometry. It must not depend on the elements of its operands, nor on their addresses. */
export function planned<P extends RoutinePrim>(planner: Planner<P>): CpuRoutine<P> {
  const plan: NonNullable<CpuRoutine<P>["plan"]> = (engine, inputs, outputs, attrs) => {
    let kept = plans.get(engine);
    if (kept === undefined) plans.set(engine, kept = new Plans());
    return kept.plan(engine, planner, inputs, outputs, attrs);
  };
  const run: CpuRoutine<P> = (engine, inputs, outputs, attrs) => {
    const pointers = [...inputs, ...outputs].map(({ pointer }) => pointer);
    plan(engine, inputs, outputs, attrs).replay(pointers, inputs.map(({ source }) => source));
  };
  const ownPlan: typeof plan = (engine, inputs, outputs, attrs) => Plan.of(engine, planner, inputs, outputs, attrs);
  return Object.assign(run, { plan, ownPlan });
}
