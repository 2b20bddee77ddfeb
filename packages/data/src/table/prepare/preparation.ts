import { checkArguments } from "../../arguments.ts";
import { inWords } from "../../text/saved_state.ts";
import type { Table } from "../table.ts";

/** A step between a table and a model: fitted on one table, applied to any. */
export interface PreparationStep {
  /** Learns from a table, which should be the training part alone. Returns the step itself. */
  fit(table: Table): this;
  /** The table as the step changes it. */
  transform(table: Table): Table;
  /** What was learned, as plain data for `JSON.stringify`. @throws Error before `fit` */
  state(): StepState;
}

/** What a step learned. */
export interface StepState {
  /** The class of the step. */
  readonly step: string;
  readonly [field: string]: unknown;
}

/** The state of a {@link Preparation}. */
export interface PreparationState {
  readonly version: 1;
  readonly steps: readonly StepState[];
}

/** The steps before `fit` was called. */
export function notFitted(step: string): Error {
  return new Error(`${step}: fit(table) comes first, with the training part`);
}

/** The columns of a step: those given, or all that `fits` chooses. */
export function chosen(
  step: string,
  table: Table,
  names: readonly string[] | undefined,
  fits: (name: string) => boolean,
): string[] {
  const found = names === undefined ? table.columns.filter(fits) : [...names];
  for (const name of found) table.column(name);
  if (found.length > 0) return found;
  throw new Error(
    `${step}: the table has no column for this step; it has ${table.columns.slice(0, 20).join(", ") || "none"}`,
  );
}

/** Checks the values that a step saved, which may come from a damaged file. */
export class SavedStep {
  private readonly state: StepState;

  constructor(state: StepState) {
    this.state = state;
  }

  /** The saved object of a field, by column. */
  columns<T>(field: string, read: (value: unknown) => T | undefined): Map<string, T> {
    const object = this.state[field];
    if (typeof object !== "object" || object === null || Array.isArray(object)) throw this.wrong(field, object);
    return new Map(
      Object.entries(object).map(([name, value]) => {
        const found = read(value);
        if (found === undefined) throw this.wrong(`${field} of column ${JSON.stringify(name.slice(0, 40))}`, value);
        return [name, found];
      }),
    );
  }

  /** One of some words. */
  word<W extends string>(field: string, words: readonly W[]): W {
    const value = this.state[field];
    if (words.includes(value as W)) return value as W;
    throw this.wrong(field, value);
  }

  /** True or false. */
  flag(field: string): boolean {
    const value = this.state[field];
    if (typeof value === "boolean") return value;
    throw this.wrong(field, value);
  }

  private wrong(field: string, value: unknown): Error {
    return new Error(
      `Preparation.from: ${this.state.step} has no usable ${field.slice(0, 60)}: ${
        inWords(value)
      }; expected what state() returned`,
    );
  }
}

/** How a class of steps is restored from its state. */
export type Restore = (saved: SavedStep) => PreparationStep;

/** Restores a preparation of known classes of steps. */
export function restoreSteps(state: PreparationState, classes: Readonly<Record<string, Restore>>): PreparationStep[] {
  checkArguments("Preparation.from", arguments, 2);
  const plain = state as Partial<PreparationState> | null;
  if (typeof plain !== "object" || plain === null || plain.version !== 1 || !Array.isArray(plain.steps)) {
    throw new Error(`Preparation.from: expected what state() returned (version 1), got ${inWords(state)}`);
  }
  return plain.steps.map((each: unknown) => {
    const { step } = (each ?? {}) as Partial<StepState>;
    if (typeof step === "string" && Object.hasOwn(classes, step)) {
      return classes[step]!(new SavedStep(each as StepState));
    }
    throw new Error(
      `Preparation.from: there is no step ${inWords(step)}; there are ${Object.keys(classes).join(", ")}`,
    );
  });
}
