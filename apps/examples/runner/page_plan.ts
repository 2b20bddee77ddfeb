/** What the page of an example says, as data; see `pages.test.ts`, which holds it against what the example produces. */
import { scientific } from "./numbers.ts";

/** A paper or a page. */
export interface Source {
  readonly text: string;
  readonly url: string;
}

/** A figure of the literature. */
export interface Reference {
  /** As the source has it, with its unit. */
  readonly value: string;
  /** What it was measured on, as far as it differs from this run. */
  readonly of?: string;
  readonly source: Source;
}

/** How one figure of a run is shown. */
export interface FigurePlan {
  /** Its name, as people write it. */
  readonly label: string;
  /** `%`, `s`, `nats`; after the number. */
  readonly unit?: string;
  /** Digits after the point. Default: whole numbers as they are, others with four significant digits. */
  readonly digits?: number;
  /** A factor, such as 100 for a share that is shown as a percentage. */
  readonly times?: number;
  /** What is shown of a list of numbers. Default: all of them. */
  readonly list?: "all" | "last" | "mean" | "sum";
  /** The columns of a list of records, by the names of their fields. */
  readonly columns?: Readonly<Record<string, FigurePlan>>;
  /** For an object that is shown as a table of two columns: the title of the first. */
  readonly names?: string;
  /** Code or its output, in letters of one width. */
  readonly code?: boolean;
  /** A setting rather than a result: it is shown at the end of the page. */
  readonly setting?: boolean;
  readonly literature?: Reference | readonly Reference[];
}

/** The page of an example. */
export interface PagePlan {
  readonly title: string;
  /** One paragraph: what the run shows. */
  readonly lesson: string;
  /** The meaning of each picture, by its file, in the order of the page; `attention-*.svg` names several files. */
  readonly pictures: Readonly<Record<string, string>>;
  /** By the keys of `figures.json`; `before.odd` is the field `odd` of `before`. */
  readonly figures: Readonly<Record<string, FigurePlan>>;
  /** What the example reproduces. */
  readonly sources?: readonly Source[];
}

/** Figures that many examples have, under the same names. */
export const SETTINGS: Readonly<Record<string, FigurePlan>> = {
  device: { label: "device", setting: true },
  adapter: { label: "graphics adapter", setting: true },
  parameters: { label: "trained parameters", setting: true },
  epochs: { label: "epochs", setting: true },
  steps: { label: "steps", setting: true },
  seeds: { label: "seeds", setting: true },
};

/** A figure of a run, with its plan if it has one. */
export interface PlannedFigure {
  readonly key: string;
  readonly value: unknown;
  readonly plan: FigurePlan | null;
}

/** The figures of a run, each with its plan; the fields of an object without a plan of its own are figures themselves. */
export function plannedFigures(
  plans: Readonly<Record<string, FigurePlan>>,
  figures: Readonly<Record<string, unknown>>,
  prefix = "",
): PlannedFigure[] {
  return Object.entries(figures).flatMap(([name, value]): PlannedFigure[] => {
    const key = prefix + name, plan = plans[key] ?? SETTINGS[key] ?? null;
    return plan === null && isObject(value)
      ? plannedFigures(plans, value, `${key}.`)
      : [{ key, value, plan: plan ?? null }];
  });
}

/** The key among `patterns` that names a file, or null; `*` stands for any characters. */
export function patternOf(patterns: readonly string[], file: string): string | null {
  return patterns.find((pattern) => {
    const [before, after] = pattern.split("*") as [string, string?];
    return after === undefined ? file === pattern : file.startsWith(before) && file.endsWith(after);
  }) ?? null;
}

/** A number, list or other value as people write it, with its unit. */
export function figureWords(value: unknown, plan: Omit<FigurePlan, "label">): string {
  const { list = "all", unit = "", digits, times = 1 } = plan;
  if (Array.isArray(value)) {
    const numbers = value as number[];
    if (value.length > 0 && value.every((each) => typeof each === "number") && list !== "all") {
      const sum = numbers.reduce((a, b) => a + b, 0);
      const one = { last: numbers.at(-1), sum, mean: sum / numbers.length }[list];
      return figureWords(one, plan);
    }
    const words = value.map((each) => figureWords(each, plan));
    return words.length > 12 ? [...words.slice(0, 4), "…", ...words.slice(-4)].join(", ") : words.join(", ");
  }
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return isObject(value) ? JSON.stringify(value) : String(value);
  const scaled = value * times;
  return unit === ""
    ? numberWords(scaled, digits)
    : `${numberWords(scaled, digits)}${unit === "%" ? "" : "\u00a0"}${unit}`;
}

function numberWords(value: number, digits: number | undefined): string {
  if (!Number.isFinite(value)) return String(value);
  const fixed = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  const size = Math.abs(value);
  // Neither 1e-7 as 0, nor a row of zeros.
  if (size > 0 && size < (digits === undefined ? 1e-3 : 10 ** -digits / 2)) return scientific(value);
  const style = digits !== undefined ? fixed : Number.isInteger(value) ? {} : { maximumSignificantDigits: 4 };
  return value.toLocaleString("en-US", style).replace("-", "−");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
