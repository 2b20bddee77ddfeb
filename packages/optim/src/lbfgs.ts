/** Limited-memory BFGS. */
import { noGrad } from "@heddle/autograd";
import { cat, stack, type Tensor, tidy, zerosLike } from "@heddle/tensor";
import { disown, internals, own, widened } from "@heddle/tensor/engine";
import { checkNotNegative } from "./check_options.ts";
import { metricValue } from "./metric.ts";
import { Optimizer, type OptimizerStateDict } from "./optimizer.ts";
import { describe, type GroupOptions, type ParamGroupInput, type ParamsInput } from "./parameter_groups.ts";
import { checkLayout, checkSaved, type SavedState } from "./saved_state.ts";
import { type LinePoint, strongWolfe } from "./strong_wolfe.ts";

/** Options of {@link LBFGS}. */
export interface LBFGSOptions extends GroupOptions {
  /** The most iterations of a step. Default 20. */
  maxIter: number;
  /** The number of evaluations of the closure after which a step ends. Default null: 1.25 · maxIter. */
  maxEval: number | null;
  /** A step ends where no element of the gradient is larger. Default 1e-7. */
  toleranceGrad: number;
  /** A step ends where parameters and loss change by less. Default 1e-9. */
  toleranceChange: number;
  /** Number of past changes from which the curvature is estimated. Default 100. */
  historySize: number;
  /** Search along each direction, or go by `lr` along it (null, the default). */
  lineSearchFn: "strongWolfe" | null;
}

/** What is remembered between iterations; vectors are all parameters, one after the other. */
interface Memory {
  readonly funcEvals: number;
  readonly nIter: number;
  /** Null before the first iteration. */
  readonly last: LastIteration | null;
}

/** A direction, and the changes that it was found by. */
interface Direction {
  readonly d: Tensor;
  readonly hDiag: number;
  /** Changes of the gradient, and of the parameters, the oldest first; one over their products. */
  readonly oldDirs: readonly Tensor[];
  readonly oldStps: readonly Tensor[];
  readonly ro: readonly number[];
}

interface LastIteration extends Direction {
  /** The step along the direction. */
  readonly t: number;
  /** Before the step. */
  readonly prevLoss: number;
  readonly prevFlatGrad: Tensor;
}

interface Evaluated {
  readonly loss: number;
  readonly gradient: Tensor;
}

const dot = (a: Tensor, b: Tensor): number => a.dot(b).item();
const largest = (x: Tensor): number => x.numel === 0 ? 0 : x.abs().amax().item();
const tensorsOf = ({ last }: Memory): Tensor[] =>
  last === null ? [] : [last.d, last.prevFlatGrad, ...last.oldDirs, ...last.oldStps];

/**
 * L-BFGS (PyTorch's `torch.optim.LBFGS`): a quasi-Newton method, for smooth losses over the whole data set. One step is several
 * iterations, each of which evaluates the closure, so `step` needs one. With `lineSearchFn: "strongWolfe"` the loss falls at every
 * iteration. There is one group of parameters; the default `lr` is 1.
 *
 * It remembers 2 · `historySize` + 2 vectors as long as all parameters together, and reads several numbers an iteration, so the device
 * must have synchronous reads. Parameters in float16 are followed in float32 within a step.
 *
 * Nocedal: Updating Quasi-Newton Matrices with Limited Storage, 1980; Liu, Nocedal: On the Limited Memory BFGS Method for Large Scale
 * Optimization, 1989.
 *
 * @throws RangeError for options out of range; Error for a second group.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { LBFGS } from "@heddle/optim";
 * import { tensor } from "@heddle/tensor";
 * const x = tensor([-1, 2], { requiresGrad: true });
 * const optimizer = new LBFGS([x], { lineSearchFn: "strongWolfe", maxIter: 100 });
 * optimizer.step(() => {
 *   optimizer.zeroGrad();
 *   const [a, b] = [x.at(0), x.at(1)];
 *   const loss = a.neg().add(1).square().add(b.sub(a.square()).square().mul(100)); // Rosenbrock's function
 *   loss.backward();
 *   return loss;
 * });
 * x.toArray(); // close to [1, 1]
 * ```
 */
export class LBFGS extends Optimizer<LBFGSOptions, Record<string, never>> {
  private memory: Memory = { funcEvals: 0, nIter: 0, last: null };

  constructor(params: ParamsInput<LBFGSOptions>, options: Partial<LBFGSOptions> = {}) {
    super(params, {
      lr: 1,
      maxIter: 20,
      maxEval: null,
      toleranceGrad: 1e-7,
      toleranceChange: 1e-9,
      historySize: 100,
      lineSearchFn: null,
      maximize: false,
    }, options);
  }

  protected override checkOptions(options: LBFGSOptions): void {
    checkNotNegative(this.name, options, ["lr", "toleranceGrad", "toleranceChange"]);
    for (const key of ["maxIter", "maxEval", "historySize"] as const) {
      const value = options[key];
      if ((key === "maxEval" && value === null) || (Number.isSafeInteger(value) && value! >= 1)) continue;
      throw new RangeError(`${this.name}: ${key} is ${describe(value)}; it must be a whole number of at least 1`);
    }
    if (options.lineSearchFn !== null && options.lineSearchFn !== "strongWolfe") {
      throw new RangeError(
        `${this.name}: lineSearchFn is ${describe(options.lineSearchFn)}; it must be "strongWolfe" or null`,
      );
    }
  }

  override addParamGroup(group: ParamGroupInput<LBFGSOptions>): void {
    if (this.paramGroups.length > 0) {
      throw new Error(
        `${this.name}: all parameters are in one group, as the directions are found for all together; give them in one list`,
      );
    }
    super.addParamGroup(group);
  }

  protected override newState(): Record<string, never> {
    return {};
  }

  protected override update(): never {
    throw new Error(`${this.name}: updates all parameters at once, in step`);
  }

  /**
   * Runs up to `maxIter` iterations. If it fails, parameters and state are as before.
   *
   * @param closure clears the gradients, computes the loss and its gradients, and returns the loss; it is called several times. What it
   * makes is freed after each call, except what the first call returns.
   * @returns what the first call returned.
   * @throws TypeError without a closure, and for one that returns no loss.
   */
  override step(): void;
  override step<T>(closure: () => T): T;
  override step<T>(closure?: () => T): T | void {
    if (typeof closure !== "function") {
      throw new TypeError(
        `${this.name}.step: needs a function that computes the loss and its gradients, and returns the loss, as each step ` +
          `evaluates it several times; call step(() => { optimizer.zeroGrad(); …; loss.backward(); return loss; })`,
      );
    }
    const first = tidy(() => this.evaluate(closure));
    noGrad(() =>
      tidy(() => {
        const start = this.flat((param) => param.detach());
        try {
          this.remember(this.iterate(start, closure, this.read(first)));
        } catch (error) {
          this.write(start);
          throw error;
        }
      })
    );
    return first;
  }

  /** Iterations from the parameters `start`, where the closure has just been evaluated. */
  private iterate(start: Tensor, closure: () => unknown, first: Evaluated): Memory {
    const { lr, maxIter, maxEval, toleranceGrad, toleranceChange, historySize, lineSearchFn } = this.paramGroups[0]!;
    const most = maxEval ?? Math.floor(maxIter * 5 / 4);
    let { funcEvals, nIter, last } = this.memory;
    let { loss, gradient } = first;
    let x = start;
    let evaluations = 1;
    for (let i = 1; i <= maxIter && !(largest(gradient) <= toleranceGrad); i++) {
      nIter++;
      const towards = direction(gradient, last, historySize);
      const { d } = towards;
      const slope = dot(gradient, d);
      let t = last === null ? Math.min(1, 1 / gradient.abs().sum().item()) * lr : lr;
      const [prevLoss, prevFlatGrad] = [loss, gradient];
      last = { ...towards, t, prevLoss, prevFlatGrad };
      if (slope > -toleranceChange) break;
      const length = largest(d);
      const from = x;
      const at = (t: number): LinePoint =>
        tidy(() => {
          this.write(from.add(d, { alpha: t }));
          const found = this.read(this.evaluate(closure));
          return { t, ...found, slope: dot(found.gradient, d) };
        });
      if (lineSearchFn !== null) {
        const search = tidy(() => strongWolfe({ t: 0, loss, slope, gradient }, t, at, length, toleranceChange));
        ({ t, loss, gradient } = search.point);
        evaluations += search.evaluations;
        last = { ...last, t };
      } else if (i < maxIter) {
        // Nothing would use an evaluation after the last iteration.
        ({ loss, gradient } = at(t));
        evaluations++;
      }
      x = from.add(d, { alpha: t });
      this.write(x);
      if (evaluations >= most || length * Math.abs(t) <= toleranceChange) break;
      if (Math.abs(loss - prevLoss) < toleranceChange) break;
    }
    return { funcEvals: funcEvals + evaluations, nIter, last };
  }

  /** One vector of a tensor for each parameter, with zeros where there is none. */
  private flat(of: (param: Tensor) => Tensor | null | undefined): Tensor {
    return cat(
      this.paramGroups[0]!.params.map((param) => (of(param) ?? zerosLike(param)).detach()).map((each) =>
        widened(each).reshape(-1)
      ),
    );
  }

  /** Writes a vector into the parameters. */
  private write(values: Tensor): void {
    let offset = 0;
    for (const param of this.paramGroups[0]!.params) {
      param.copy_(values.narrow(0, offset, param.numel).reshape(param.shape));
      offset += param.numel;
    }
  }

  /** The loss that a closure returned, and the gradients that it left. */
  private read(result: unknown): Evaluated {
    const loss = metricValue(`${this.name}.step`, result as number, "the loss from the closure");
    const gradient = this.flat((param) => param.grad);
    return this.paramGroups[0]!.maximize ? { loss: -loss, gradient: gradient.neg() } : { loss, gradient };
  }

  /** Replaces what is remembered; its tensors live as long as the first parameter. */
  private remember(memory: Memory): void {
    const owner = this.paramGroups[0]!.params[0]!;
    const now = new Set(tensorsOf(memory));
    for (const old of tensorsOf(this.memory)) {
      if (now.has(old)) continue;
      disown(owner, old);
      old.dispose();
    }
    for (const tensor of now) if (internals(tensor).owner !== owner) own(owner, tensor);
    this.memory = memory;
  }

  /**
   * The state needed to resume, under the number of the first parameter, as in PyTorch: counters, and vectors over all parameters;
   * `oldDirs` and `oldStps` are matrices of one a row.
   */
  override stateDict(): OptimizerStateDict {
    const { paramGroups } = super.stateDict();
    const { funcEvals, nIter, last } = this.memory;
    if (funcEvals === 0) return { state: {}, paramGroups };
    if (last === null) return { state: { 0: { funcEvals, nIter } }, paramGroups };
    const { ro: _, oldDirs, oldStps, ...rest } = last;
    const rows = (vectors: readonly Tensor[]): Tensor =>
      vectors.length === 0 ? last.d.unsqueeze(0).narrow(0, 0, 0) : stack(vectors);
    return { state: { 0: { funcEvals, nIter, ...rest, oldDirs: rows(oldDirs), oldStps: rows(oldStps) } }, paramGroups };
  }

  /**
   * Loads a state from `stateDict`; tensors are copied.
   *
   * @throws Error when the state is of other parameters, or a part of it is missing; the optimiser is then unchanged.
   */
  override loadStateDict(stateDict: OptimizerStateDict): void {
    checkLayout(this.name, stateDict);
    const { state, ...groups } = stateDict;
    const number = groups.paramGroups[0]?.params[0] ?? 0;
    const { [number]: saved, ...others } = state;
    tidy(() => {
      const memory = saved === undefined ? { funcEvals: 0, nIter: 0, last: null } : this.copied(saved, number);
      super.loadStateDict({ ...groups, state: others });
      this.remember(memory);
    });
  }

  /** A copy of a saved state. */
  private copied(saved: SavedState, number: number): Memory {
    const like = this.flat((param) => param);
    const tensor = (): Tensor => zerosLike(like);
    const started = saved.nIter !== 0;
    const vectors = { d: tensor(), prevFlatGrad: tensor(), oldDirs: tensor(), oldStps: tensor() };
    const fresh = { funcEvals: 0, nIter: 0, ...(started ? { t: 0, hDiag: 0, prevLoss: 0, ...vectors } : {}) };
    checkSaved(this.name, fresh, saved, number);
    const { funcEvals, nIter, t, hDiag, prevLoss } = saved as { [name: string]: number };
    for (const [key, value] of Object.entries({ funcEvals, nIter })) {
      if (Number.isSafeInteger(value) && value! >= 0) continue;
      throw new RangeError(
        `${this.name}.loadStateDict: ${key} is ${value}; it counts, and must be a whole number of at least 0`,
      );
    }
    if (!started) return { funcEvals: funcEvals!, nIter: nIter!, last: null };
    const n = like.numel;
    const rows = (saved.oldDirs as Tensor).shape[0];
    const copy = (key: string, ...shape: (number | undefined)[]): Tensor => {
      const value = saved[key] as Tensor;
      if (value.ndim !== shape.length || value.shape.some((size, d) => size !== shape[d])) {
        throw new Error(
          `${this.name}.loadStateDict: ${key} has shape [${value.shape.join(", ")}], expected [${
            shape.join(", ")
          }] for ${n} elements in all parameters; is it the state of another model?`,
        );
      }
      return value.detach().to(like.device, like.dtype).clone();
    };
    const list = (key: string): Tensor[] => copy(key, rows, n).unbind(0).map((row) => row.clone());
    const [oldDirs, oldStps] = [list("oldDirs"), list("oldStps")];
    const ro = oldDirs.map((y, i) => 1 / dot(y, oldStps[i]!));
    const [d, prevFlatGrad] = [copy("d", n), copy("prevFlatGrad", n)];
    const last = { d, t: t!, hDiag: hDiag!, prevLoss: prevLoss!, prevFlatGrad, oldDirs, oldStps, ro };
    return { funcEvals: funcEvals!, nIter: nIter!, last };
  }
}

/** −H·gradient, where H estimates the inverse of the matrix of second derivatives by the changes so far, the last one included. */
function direction(gradient: Tensor, last: LastIteration | null, historySize: number): Direction {
  if (last === null) return { d: gradient.neg(), hDiag: 1, oldDirs: [], oldStps: [], ro: [] };
  let { hDiag, oldDirs, oldStps, ro } = last;
  const [y, s] = [gradient.sub(last.prevFlatGrad), last.d.mul(last.t)];
  const ys = dot(y, s);
  if (ys > 1e-10) {
    const from = Math.max(0, oldDirs.length + 1 - historySize);
    [oldDirs, oldStps, ro] = [[...oldDirs, y].slice(from), [...oldStps, s].slice(from), [...ro, 1 / ys].slice(from)];
    hDiag = ys / dot(y, y);
  }
  const q = gradient.neg();
  const weights: number[] = [];
  for (let i = oldDirs.length - 1; i >= 0; i--) {
    weights[i] = dot(oldStps[i]!, q) * ro[i]!;
    q.add_(oldDirs[i]!, { alpha: -weights[i]! });
  }
  const d = q.mul(hDiag);
  for (let i = 0; i < oldDirs.length; i++) {
    d.add_(oldStps[i]!, { alpha: weights[i]! - dot(oldDirs[i]!, d) * ro[i]! });
  }
  return { d, hDiag, oldDirs, oldStps, ro };
}
