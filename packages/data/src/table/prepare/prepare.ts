import type { Table } from "../table.ts";
import { Categories } from "./categories.ts";
import { Impute } from "./impute.ts";
import { type PreparationState, type PreparationStep, type Restore, restoreSteps } from "./preparation.ts";
import { MinMax, Standardize } from "./scale.ts";

const CLASSES: Readonly<Record<string, Restore>> = {
  Categories: Categories.restore,
  Impute: Impute.restore,
  MinMax: MinMax.restore,
  Standardize: Standardize.restore,
};

/**
 * Steps one after the other, fitted on the training part and saved with the model. scikit-learn: `Pipeline`.
 *
 * @example
 * ```ts
 * import { Categories, Impute, Preparation, Standardize, Table } from "@heddle/data/table";
 *
 * const train = Table.fromColumns({ age: [20, null, 40], city: ["Bonn", "Kiel", "Bonn"] });
 * const preparation = new Preparation([new Impute(), new Standardize(), new Categories({ oneHot: true })]).fit(train);
 * const saved = JSON.stringify(preparation.state());
 * const again = Preparation.from(JSON.parse(saved));
 * again.transform(Table.fromColumns({ age: [null], city: ["Rome"] })).row(0)["age"]; // 0
 * ```
 */
export class Preparation {
  /** The steps, in order. */
  readonly steps: readonly PreparationStep[];

  constructor(steps: readonly PreparationStep[]) {
    if (!Array.isArray(steps) || steps.some((step) => typeof step?.transform !== "function")) {
      throw new TypeError("Preparation: expected an array of steps, such as [new Impute(), new Standardize()]");
    }
    this.steps = [...steps];
  }

  /** Fits each step on the table as the steps before it change it. */
  fit(table: Table): this {
    let current = table;
    for (const step of this.steps) current = step.fit(current).transform(current);
    return this;
  }

  /** The table as all steps change it. */
  transform(table: Table): Table {
    return this.steps.reduce((current, step) => step.transform(current), table);
  }

  /** What was learned, as plain data for `JSON.stringify`. @throws Error before `fit` */
  state(): PreparationState {
    return { version: 1, steps: this.steps.map((step) => step.state()) };
  }

  /** Restores what `state` returned, to transform; options for another `fit` are not in it. @throws Error when the data is damaged or something else */
  static from(state: PreparationState): Preparation {
    return new Preparation(restoreSteps(state, CLASSES));
  }
}
