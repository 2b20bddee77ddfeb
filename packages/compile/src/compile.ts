/** Compiles steps. */
import { defaultDevice, type Tensor, tidy } from "@heddle/tensor";
import {
  activeCapture,
  activeTape,
  capturingWith,
  checkNames,
  checkSynchronous,
  internals,
  type Pass,
} from "@heddle/tensor/engine";
import { debug } from "@heddle/tensor/backend";
import { keyOf, mapTensors } from "./arguments.ts";
import { Capture, type PassReport } from "./capture.ts";
import { Recording } from "./recording.ts";
import { fuseActivations } from "./passes/fuse_activations.ts";
import { fuseElementwise } from "./passes/fuse_elementwise.ts";
import { removeUnused } from "./passes/remove_unused.ts";
import { OtherPath } from "./rerun.ts";

/** What rewrites a recording by default. */
export const defaultPasses: readonly Pass[] = [removeUnused, fuseActivations, fuseElementwise];

/** Options of {@link compile}. */
export interface CompileOptions {
  /** What rewrites a recording, in order; by default {@link defaultPasses}. With `[]`, results equal those of eager mode bit for bit. */
  readonly passes?: readonly Pass[];
  /** The most captures; beyond it the step runs eagerly where none fits. Default 8. */
  readonly captures?: number;
}

/** What a compiled step has done. */
export interface CompileReport {
  /** The captures that are kept. */
  readonly captures: readonly {
    /** Dispatches and bytes, as recorded and after each pass. */
    readonly passes: readonly PassReport[];
    /** The bytes of temporary tensors. */
    readonly arenaBytes: number;
  }[];
  /** Runs that were replays. */
  readonly replays: number;
  /** Runs as ordinary JavaScript, recordings among them. */
  readonly eager: number;
  /** What had changed when a step was recorded again, with how often. */
  readonly missed: Readonly<Record<string, number>>;
  /** Why the step runs eagerly for good, or null. */
  readonly eagerBecause: string | null;
}

/** A compiled step. */
export interface Compiled<A extends unknown[], R> {
  (...args: A): R;
  /** What the step has done so far. */
  report(): CompileReport;
  /** Frees the captures. The step can be called afterwards, and is recorded again. */
  dispose(): void;
}

/** The runs on arguments of one geometry. */
interface Entry {
  runs: number;
  /** The first of two recordings, with the copies of the arguments that both run on. */
  before: { readonly recording: Recording; readonly inputs: readonly Tensor[] } | null;
  /** How often two recordings differed. */
  differed: number;
  readonly captures: Capture[];
}

/** After so many pairs of recordings that differ, a step stays eager. */
const mostDiffering = 3;

/**
 * A function that records what a step does, and then replays it without the JavaScript that made it: forward and backward pass, updates
 * and random draws are one list of kernels. The first call with arguments of some shapes runs as usual, two more are recorded and
 * compared, and from the fourth on they are replays.
 *
 * Tensors that the step makes are freed at its end, unless they are returned or kept, as in `tidy`.
 *
 * @param fn the step, a synchronous function. Its arguments, and what it returns, are tensors, numbers, and arrays and plain objects of
 * them.
 * @throws TypeError if `fn` is no function. The compiled step throws what `fn` throws, and Error for a step that cannot be replayed: one
 * that reads tensors (`item()`), writes to its arguments, or has a number that differs from step to step.
 *
 * @example
 * ```ts
 * import "@heddle/autograd";
 * import { compile } from "@heddle/compile";
 * import { SGD } from "@heddle/optim";
 * import { type Tensor, tensor } from "@heddle/tensor";
 * const w = tensor([1, 2], { requiresGrad: true });
 * const optimizer = new SGD([w], { lr: 0.1 });
 * const step = compile((x: Tensor) => {
 *   optimizer.zeroGrad();
 *   const loss = w.mul(x).square().sum();
 *   loss.backward();
 *   optimizer.step();
 *   return loss;
 * });
 * for (let i = 0; i < 10; i++) step(tensor([1, 1])).item();
 * step.report().replays; // 7
 * ```
 */
export function compile<A extends unknown[], R>(fn: (...args: A) => R, options: CompileOptions = {}): Compiled<A, R> {
  if (typeof fn !== "function") {
    throw new TypeError(`compile: expected a function such as (x) => model.forward(x), got ${typeof fn}`);
  }
  checkNames("compile", options, ["captures", "passes"]);
  const compiler = new Compiler(fn as (...args: unknown[]) => unknown, options);
  const compiled = (...args: A): R => compiler.call(args) as R;
  return Object.assign(compiled, {
    report: () => compiler.report(),
    dispose: () => compiler.dispose(),
  });
}

class Compiler {
  private readonly fn: (...args: unknown[]) => unknown;
  private readonly passes: readonly Pass[];
  private readonly most: number;
  private readonly entries: Map<string, Entry> = new Map();
  private made = 0;
  private replays = 0;
  private eager = 0;
  private readonly missed: Map<string, number> = new Map();
  private eagerBecause: string | null = null;

  constructor(fn: (...args: unknown[]) => unknown, { passes = defaultPasses, captures = 8 }: CompileOptions) {
    this.fn = fn;
    this.passes = passes;
    this.most = captures;
  }

  call(args: unknown[]): unknown {
    if (activeCapture() !== null || this.eagerBecause !== null) return this.plain(args);
    const tensors: Tensor[] = [];
    const key = `${activeTape()?.enabled} ${defaultDevice().name} ${keyOf(args, tensors)}`;
    let entry = this.entries.get(key);
    if (entry === undefined) this.entries.set(key, entry = { runs: 0, before: null, differed: 0, captures: [] });
    for (const capture of entry.captures) {
      const missed = capture.missed();
      if (missed !== null) {
        this.miss(missed);
        continue;
      }
      try {
        const result = capture.run(tensors);
        this.replays++;
        return result;
      } catch (error) {
        if (!(error instanceof OtherPath)) throw error;
        this.miss(`the path of the step (${error.message})`);
        entry.captures.splice(entry.captures.indexOf(capture), 1);
        capture.dispose();
        break;
      }
    }
    if (entry.runs++ === 0) return this.plain(args);
    if (this.made >= this.most) {
      this.giveUp(`the step was captured ${this.made} times, and none of the captures fits`);
      return this.plain(args);
    }
    return this.record(entry, args, tensors);
  }

  private plain(args: unknown[]): unknown {
    this.eager++;
    return tidy(() => this.result(args));
  }

  private result(args: unknown[]): unknown {
    const result = this.fn(...args);
    checkSynchronous("compile", result, "a step that awaits cannot be replayed; await its result outside");
    return result;
  }

  private miss(what: string): void {
    this.missed.set(what, (this.missed.get(what) ?? 0) + 1);
    if (debug() >= 1) console.error(`heddle compile: recorded again, since this changed: ${what}`);
  }

  private giveUp(why: string): void {
    this.eagerBecause = why;
    console.warn(`compile: runs eagerly from now on: ${why}`);
  }

  /** Runs a step and records it. With the second recording a capture is made. */
  private record(entry: Entry, args: unknown[], tensors: readonly Tensor[]): unknown {
    const given = tensors.find((tensor) => tensor.requiresGrad);
    if (given !== undefined) {
      throw new Error(
        `compile: an argument of shape [${
          given.shape.join(", ")
        }] requires gradients, which would go to a copy of it; use it within the ` +
          "step without giving it as an argument, or give detach() of it",
      );
    }
    const { before } = entry;
    entry.before = null;
    const inputs = before?.inputs ?? tensors.map((tensor) => {
      const copy = tensor.detach().clone();
      internals(copy).kept = true;
      return copy;
    });
    if (before !== null) {
      for (const [i, tensor] of tensors.entries()) inputs[i]!.copy_(tensor.detach());
    }
    const recording = new Recording(inputs.map(({ storage }) => storage));
    let next = 0;
    const own = mapTensors(args, () => inputs[next++]!) as unknown[];
    let result: unknown;
    try {
      this.eager++;
      result = tidy(() => capturingWith(recording, () => this.result(own)));
      recording.end();
    } catch (error) {
      recording.release();
      before?.recording.release();
      for (const input of inputs) input.dispose();
      throw error;
    }
    // Results belong to the caller; those of the second recording lie where replays write.
    const copied = (): unknown =>
      mapTensors(result, (tensor) => {
        if (!recording.isOwn(tensor.storage)) return tensor;
        const copy = tensor.detach().clone();
        const { kept, owner } = internals(tensor);
        if (!kept && owner === null) tensor.dispose();
        return copy;
      });
    if (before === null) {
      entry.before = { recording, inputs };
      return copied();
    }
    let difference: string | null;
    try {
      difference = before.recording.difference(recording);
    } finally {
      before.recording.release();
    }
    if (difference !== null && ++entry.differed < mostDiffering) {
      entry.before = { recording, inputs };
      return copied();
    }
    const why = difference !== null ? `the step does not repeat: ${difference}` : unfit(recording);
    if (why !== null) {
      const own = copied(); // results may be arguments
      this.giveUp(why);
      recording.release();
      for (const input of inputs) input.dispose();
      return own;
    }
    const capture = new Capture(recording, inputs, result, this.passes);
    this.made++;
    entry.captures.push(capture);
    return copied();
  }

  report(): CompileReport {
    const captures = [...this.entries.values()].flatMap(({ captures }) => captures);
    return {
      captures: captures.map(({ passes, arenaBytes }) => ({ passes: [...passes], arenaBytes })),
      replays: this.replays,
      eager: this.eager,
      missed: Object.fromEntries(this.missed),
      eagerBecause: this.eagerBecause,
    };
  }

  dispose(): void {
    for (const { captures, before } of this.entries.values()) {
      for (const capture of captures) capture.dispose();
      before?.recording.release();
      for (const input of before?.inputs ?? []) input.dispose();
    }
    this.entries.clear();
  }
}

/** Why a step cannot be replayed, or null. */
function unfit({ device }: Recording): string | null {
  if (device === null) return "the step runs nothing on a device";
  return device.backend.sharesBuffers === false ? `steps on the device "${device.name}" cannot be replayed yet` : null;
}
