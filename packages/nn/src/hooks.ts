/** Hooks: functions called before and after a module's `forward`. */
import { checkSynchronous } from "@heddle/tensor/engine";
import type { Module } from "./module.ts";

/** Removes a hook: by `remove()`, or at the end of the block of `using handle = …`. */
export interface HookHandle {
  /** Removes the hook. Calling it again does nothing. */
  remove(): void;
  [Symbol.dispose](): void;
}

/** Receives the arguments of `forward`, and may return others to replace them. */
export type ForwardPreHook<M extends Module = Module> = (
  module: M,
  args: readonly unknown[],
) => readonly unknown[] | void;

/** Receives the result of `forward`, and may return another to replace it. */
export type ForwardHook<M extends Module = Module, Output = unknown> = (
  module: M,
  args: readonly unknown[],
  output: Output,
) => Output | void;

/** A module's hooks in the order in which they were registered. */
interface Hooks {
  readonly before: Set<{ readonly hook: ForwardPreHook }>;
  readonly after: Set<{ readonly hook: ForwardHook }>;
  /** Restores the original `forward`. */
  readonly unwrap: () => void;
}

const registered = new WeakMap<Module, Hooks>();

const advice = "forward does not wait for it: keep() what it is to see, and await later";

type Forward = (...args: readonly unknown[]) => unknown;

/**
 * The hooks of a module. The first hook adds an own property `forward` that runs them, so that modules without hooks cost nothing and
 * `net.forward(x)` stays a plain method call.
 */
function hooksOf(module: Module): Hooks {
  const known = registered.get(module);
  if (known !== undefined) return known;
  const own = Object.getOwnPropertyDescriptor(module, "forward");
  const forward = (module as unknown as { forward?: Forward }).forward;
  if (typeof forward !== "function") {
    throw new TypeError(
      `registerForwardHook: ${module.constructor.name} has no forward; hook the modules within, which namedModules() lists`,
    );
  }
  const hooks: Hooks = {
    before: new Set(),
    after: new Set(),
    unwrap() {
      registered.delete(module);
      if (own === undefined) delete (module as unknown as { forward?: Forward }).forward;
      else Object.defineProperty(module, "forward", own);
    },
  };
  const wrapped: Forward = (...given) => {
    let args: readonly unknown[] = given;
    for (const { hook } of [...hooks.before]) {
      const answer = hook(module, args);
      checkSynchronous("registerForwardPreHook", answer, advice);
      args = answer ?? args;
    }
    let output = forward.apply(module, args as unknown[]);
    for (const { hook } of [...hooks.after]) {
      const answer = hook(module, args, output);
      checkSynchronous("registerForwardHook", answer, advice);
      if (answer !== undefined) output = answer;
    }
    return output;
  };
  // Not enumerable: it is not part of the module's state.
  Object.defineProperty(module, "forward", { value: wrapped, configurable: true, writable: true, enumerable: false });
  registered.set(module, hooks);
  return hooks;
}

function handleOf<H>(hooks: Hooks, set: Set<{ readonly hook: H }>, hook: H): HookHandle {
  const entry = { hook };
  set.add(entry);
  const remove = (): void => {
    if (set.delete(entry) && hooks.before.size + hooks.after.size === 0) hooks.unwrap();
  };
  return { remove, [Symbol.dispose]: remove };
}

/** See `Module.registerForwardPreHook`. */
export function hookBefore(module: Module, hook: ForwardPreHook): HookHandle {
  const hooks = hooksOf(module);
  return handleOf(hooks, hooks.before, hook);
}

/** See `Module.registerForwardHook`. */
export function hookAfter(module: Module, hook: ForwardHook): HookHandle {
  const hooks = hooksOf(module);
  return handleOf(hooks, hooks.after, hook);
}
