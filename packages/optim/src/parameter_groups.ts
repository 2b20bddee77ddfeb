/** Parameter groups: parameters with their options. */
import type { Tensor } from "@heddle/tensor";

/** Options that every optimiser's parameter groups have. */
export interface GroupOptions {
  /** Learning rate. */
  lr: number;
  /** Whether to maximise the objective instead of minimising it. */
  maximize: boolean;
}

/** Parameters with their options; schedules write `lr` here. */
export type ParamGroup<O extends GroupOptions> = O & {
  readonly params: Tensor[];
  /** The learning rate before any schedule; set by the first scheduler. */
  initialLr?: number;
  /** Free for the user. */
  name?: string;
};

/** A parameter group as given to an optimiser; missing options are taken from the defaults. */
export type ParamGroupInput<O extends GroupOptions> = Partial<O> & {
  readonly params: Iterable<Tensor> | Tensor;
  readonly initialLr?: number;
  readonly name?: string;
};

/** What optimisers accept: parameters, or groups of them. */
export type ParamsInput<O extends GroupOptions> = Iterable<Tensor> | Iterable<ParamGroupInput<O>>;

/** Whether something looks like a group rather than a parameter. */
export function isGroup(value: unknown): boolean {
  return typeof value === "object" && value !== null && "params" in value;
}

/** Defaults overlaid with options; `undefined` means the default. Shares no array with either. */
export function merge<O extends object>(defaults: O, options: Partial<O>): O {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return copyArrays({ ...defaults, ...Object.fromEntries(given) });
}

/** Options that share no array with the original. */
export function copyArrays<T extends object>(options: T): T {
  const copies = Object.entries(options).map(([key, value]) => [key, Array.isArray(value) ? [...value] : value]);
  return Object.fromEntries(copies) as T;
}

/** A wrong value, for messages. */
export function describe(value: unknown): string {
  return typeof value === "object" && value !== null
    ? `an object of class ${value.constructor?.name ?? "null"}`
    : `${String(value)}`;
}
