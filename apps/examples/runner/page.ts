/** The page of a run: its pictures, its figures beside the literature's, and how it was made. It opens from disk. */
import { duration, recordsOf, spaced } from "@heddle/train/text";
import { STYLE } from "./page_style.ts";
import {
  type FigurePlan,
  figureWords,
  type PagePlan,
  patternOf,
  type PlannedFigure,
  plannedFigures,
  type Reference,
  type Source,
} from "./page_plan.ts";
import { element, escapeMarkup } from "./pictures/svg.ts";

/** A picture in the folder of a run. */
export interface Picture {
  readonly file: string;
  /** What is particular to this run, after the picture's meaning. */
  readonly detail?: string;
  /** In pixels. */
  readonly size: { readonly width: number; readonly height: number } | null;
}

/** A table that grows with the run. */
export interface RunTable {
  readonly titles: readonly string[];
  readonly rows: string[][];
}

/** The content of a page or of a section. */
export interface Section {
  readonly plan: PagePlan;
  readonly figures: Readonly<Record<string, unknown>>;
  readonly pictures: readonly Picture[];
  readonly files: readonly { file: string; note: string }[];
  /** What it printed. */
  readonly said?: string;
}

/** The content of the page of a run. */
export interface RunPage extends Section {
  readonly command: string;
  readonly machine: string;
  readonly started: Date;
  readonly seconds: number;
  /** Whether the run has ended; until then the page reloads itself. */
  readonly ended: boolean;
  /** The error that ended it. */
  readonly error?: string;
  readonly tables: readonly RunTable[];
  /** Under headings of their own, by the names of their folders. */
  readonly sections: readonly (Section & { readonly name: string })[];
}

/** The page as the text of an HTML file. */
export function runPage(page: RunPage): string {
  const { plan, sections, ended } = page;
  const title = escapeMarkup(plan.title);
  const links = sections.map(({ name, plan }) => element("a", { href: `#${name}` }, escapeMarkup(plan.title)));
  const figures = Object.fromEntries(
    Object.entries(page.figures).filter(([key]) => !sections.some(({ name }) => name === key)),
  );
  return [
    "<!doctype html>",
    `<html lang="en">`,
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`,
    ended ? "" : `<meta http-equiv="refresh" content="20">`,
    `<meta name="color-scheme" content="light dark"><title>${title}</title><style>${STYLE}</style></head>`,
    "<body>",
    element("h1", {}, title),
    element("p", { class: "lesson" }, escapeMarkup(plan.lesson)),
    stateOf(page),
    links.length > 0 ? element("nav", {}, links.join(" · ")) : "",
    // Of a page of sections they are last.
    ...(sections.length > 0 ? [] : content({ ...page, figures })),
    ...page.tables.map((table) => rowsTable(table, ended)),
    ...sections.flatMap((section) => [
      element("h2", { id: section.name, class: "section" }, escapeMarkup(section.plan.title)),
      element("p", { class: "lesson" }, escapeMarkup(section.plan.lesson)),
      ...content(section),
      settings(section),
      filesOf(section),
    ]),
    element("h2", { class: sections.length > 0 ? "section" : undefined }, "How it was made"),
    ...(sections.length > 0 ? content({ ...page, figures }) : []),
    element("pre", {}, escapeMarkup(page.command)),
    settings({ ...page, figures }),
    element("p", {}, escapeMarkup(`${page.machine}; ${after(page)}.`)),
    filesOf(page),
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function stateOf(page: RunPage): string {
  const { ended, error } = page;
  const words = error !== undefined
    ? `The run ended with an error: ${error}`
    : ended
    ? ""
    : `Still running: this page is as of ${after(page)}.`;
  return words === "" ? "" : element("p", { class: "state" }, escapeMarkup(words));
}

function after({ started, seconds }: RunPage): string {
  const [day, time] = new Date(started.getTime() + 1000 * seconds).toISOString().split("T") as [string, string];
  return `${day} ${time.slice(0, 5)} UTC, ${duration(seconds)} after the start`;
}

/** Pictures, then figures, then what was printed. */
function content({ plan, figures, pictures, said }: Section): string[] {
  const results = plannedFigures(plan.figures, figures).filter(({ plan }) => plan?.setting !== true);
  const order = Object.keys(plan.figures);
  results.sort((a, b) => order.indexOf(a.key) - order.indexOf(b.key));
  const single = results.filter((figure) => !isBlock(figure)), blocks = results.filter(isBlock);
  const sources = plan.sources ?? [];
  return [
    ...inOrder(plan, pictures).map((picture) => pictureFigure(plan, picture)),
    singleTable(single),
    ...blocks.flatMap((figure) => blockOf(figure)),
    sources.length > 0 ? element("p", { class: "sources" }, `See ${sources.map(link).join("; ")}.`) : "",
    said ? element("details", {}, element("summary", {}, "Output"), element("pre", {}, escapeMarkup(said))) : "",
  ];
}

/** The pictures in the order of the plan; those that it lacks are last. */
function inOrder({ pictures }: PagePlan, drawn: readonly Picture[]): Picture[] {
  const keys = Object.keys(pictures);
  const place = ({ file }: Picture): number => {
    const key = patternOf(keys, file.split("/").at(-1)!);
    return key === null ? keys.length : keys.indexOf(key);
  };
  return [...drawn].sort((a, b) => place(a) - place(b));
}

function pictureFigure({ pictures }: PagePlan, { file, detail, size }: Picture): string {
  const key = patternOf(Object.keys(pictures), file.split("/").at(-1)!);
  const caption = [key === null ? file : pictures[key]!, detail ?? ""].join(" ").trim();
  const shape = size === null ? {} : { ...size, style: `--width:${Math.round(size.width)}px` };
  return element(
    "figure",
    {},
    element("a", { class: "scroll", href: file }, element("img", { src: file, alt: caption, ...shape })),
    element("figcaption", {}, escapeMarkup(caption)),
  );
}

/** Whether a figure has a heading of its own: a table, or a text of several lines. */
function isBlock({ value, plan }: PlannedFigure): boolean {
  return plan?.names !== undefined || recordsOf(value) !== null || isText(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.includes("\n");
}

/** A row per figure: its name, its value in this run, and the literature's. */
function singleTable(figures: readonly PlannedFigure[]): string {
  if (figures.length === 0) return "";
  const compared = figures.some(({ plan }) => plan?.literature !== undefined);
  const rows = figures.map(({ key, value, plan }) => {
    const cells = [
      element("th", { scope: "row" }, escapeMarkup(plan?.label ?? spaced(key))),
      element("td", {}, escapeMarkup(figureWords(value, plan ?? {}))),
    ];
    return element("tr", {}, ...cells, ...(compared ? [element("td", {}, references(plan?.literature))] : []));
  });
  const titles = ["", "this run", ...(compared ? ["literature"] : [])];
  return scrolling(element("table", {}, headOf(titles), element("tbody", {}, ...rows)));
}

/** A list of records, or an object, as a table under its name; a text as it is. */
function blockOf({ key, value, plan }: PlannedFigure): string[] {
  const heading = element("h3", {}, escapeMarkup(plan?.label ?? spaced(key)));
  if (isText(value)) return [heading, element("pre", {}, escapeMarkup(value.trim()))];
  const records: Record<string, unknown>[] = recordsOf(value) ??
    Object.entries(value as object).map(([name, each]) => ({ [NAME]: name, [VALUE]: each }));
  const found = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const columns: Readonly<Record<string, FigurePlan>> = plan?.names === undefined
    ? plan?.columns ?? {}
    : { [NAME]: { label: plan.names }, [VALUE]: { ...plan, label: "" } };
  const order = [
    ...Object.keys(columns).filter((name) => found.includes(name)),
    ...found.filter((name) => !(name in columns)),
  ];
  const rows = records.map((record) => {
    const cells = order.map((name) => {
      const number = typeof record[name] === "number";
      const words = name in record ? figureWords(record[name], columns[name] ?? {}) : "";
      return element(
        "td",
        { class: number ? "number" : columns[name]?.code ? "code" : undefined },
        escapeMarkup(words),
      );
    });
    return element("tr", {}, ...cells);
  });
  const titles = order.map((name) => columns[name]?.label ?? spaced(name));
  const numeric = order.map((name) => typeof records[0]![name] === "number");
  const said = references(plan?.literature);
  return [
    heading,
    scrolling(element("table", {}, headOf(titles, numeric), element("tbody", {}, ...rows))),
    said === "" ? "" : element("p", { class: "sources" }, said),
  ];
}

const NAME = "name", VALUE = "value";

/** The rows so far; after the run they are folded. */
function rowsTable({ titles, rows }: RunTable, folded: boolean): string {
  if (rows.length === 0) return "";
  const body = rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, escapeMarkup(cell.trim())))));
  const table = scrolling(element("table", {}, headOf(titles), element("tbody", {}, ...body)));
  return folded ? element("details", {}, element("summary", {}, "Row by row, as printed"), table) : table;
}

/** The titles of columns, to the right over numbers. */
function headOf(titles: readonly string[], numeric: readonly boolean[] = []): string {
  const cells = titles.map((title, i) =>
    element("th", { scope: "col", class: numeric[i] ? "number" : undefined }, escapeMarkup(title.trim()))
  );
  return element("thead", {}, element("tr", {}, ...cells));
}

function scrolling(table: string): string {
  return element("div", { class: "scroll" }, table);
}

function settings({ plan, figures }: Section): string {
  const found = plannedFigures(plan.figures, figures).filter(({ plan }) => plan?.setting === true);
  const words = found.map(({ value, plan }) => `${plan!.label} ${figureWords(value, plan!)}`);
  return words.length > 0 ? element("p", {}, escapeMarkup(words.join(" · "))) : "";
}

/** More files than these are folded. */
const FILES = 8;

function filesOf({ files }: Section): string {
  if (files.length === 0) return "";
  const listed = files.map(({ file, note }) =>
    element("li", {}, element("a", { href: file }, escapeMarkup(file)), ` ${escapeMarkup(note)}`)
  );
  const list = element("ul", {}, ...listed);
  return files.length > FILES ? element("details", {}, element("summary", {}, `${files.length} files`), list) : list;
}

function references(literature: Reference | readonly Reference[] | undefined): string {
  if (literature === undefined) return "";
  const all = Array.isArray(literature) ? literature as readonly Reference[] : [literature as Reference];
  return all.map(({ value, of, source }) => {
    const measured = of === undefined ? "" : ` ${escapeMarkup(of)}`;
    return element(
      "span",
      { class: "reference" },
      element("b", {}, escapeMarkup(value)),
      `${measured}, ${link(source)}`,
    );
  }).join(" ");
}

function link({ text, url }: Source): string {
  return element("a", { href: url }, escapeMarkup(text));
}
