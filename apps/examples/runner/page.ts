/** The page of a run, which opens from disk: its figures, its pictures, its other files. */
import { element, escapeMarkup } from "./pictures/svg.ts";

const STYLE = `
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff }
  h1 { font-size: 1.6rem; margin-bottom: 0 }
  p.about { margin-top: .3rem; color: #5a5a5a }
  pre { margin: 1.5rem 0 0; white-space: pre-wrap; color: #5a5a5a }
  table { border-collapse: collapse; margin: 1.5rem 0; font-variant-numeric: tabular-nums }
  th, td { text-align: left; padding: .2rem 1.5rem .2rem 0; border-bottom: 1px solid #e3e3e3; vertical-align: top }
  th { font-weight: 500; color: #5a5a5a }
  td { overflow-wrap: anywhere }
  table.records { margin: 0; font-size: .9rem }
  table.records th, table.records td { padding-right: 1rem; overflow-wrap: normal }
  figure { margin: 2rem 0 }
  figure img { max-width: 100%; height: auto; border: 1px solid #e3e3e3 }
  figcaption { color: #5a5a5a; font-size: .9rem }
`;

/** What the page of a run says. Files are named relative to the page. */
export interface RunPage {
  title: string;
  about: string;
  /** What was typed to get it. */
  command: string;
  figures: Record<string, unknown>;
  pictures: readonly { file: string; caption: string }[];
  files: readonly { file: string; note: string }[];
}

/** The page as the text of an HTML file. */
export function runPage(page: RunPage): string {
  const rows = Object.entries(page.figures).map(([name, value]) =>
    element("tr", {}, element("th", {}, escapeMarkup(spaced(name))), element("td", {}, cell(value)))
  );
  const pictures = page.pictures.map(({ file, caption }) =>
    element(
      "figure",
      {},
      element("a", { href: file }, element("img", { src: file, alt: caption })),
      element("figcaption", {}, escapeMarkup(caption)),
    )
  );
  const files = page.files.map(({ file, note }) =>
    element("li", {}, element("a", { href: file }, escapeMarkup(file)), ` ${escapeMarkup(note)}`)
  );
  const title = escapeMarkup(page.title);
  return [
    "<!doctype html>",
    `<html lang="en">`,
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>`,
    `<style>${STYLE}</style></head>`,
    "<body>",
    element("h1", {}, title),
    element("p", { class: "about" }, escapeMarkup(page.about)),
    element("pre", {}, escapeMarkup(page.command)),
    rows.length > 0 ? element("table", {}, ...rows) : "",
    ...pictures,
    files.length > 0 ? element("ul", {}, ...files) : "",
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** `testErrorPercent` as a person writes it: `test error percent`. */
function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** A figure as markup: a list of records is a table of its own. */
function cell(value: unknown): string {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isRecord)) return escapeMarkup(figure(value));
  const names = [...new Set(value.flatMap((record) => Object.keys(record)))];
  const row = (tag: string, texts: readonly string[]): string =>
    element("tr", {}, ...texts.map((text) => element(tag, {}, escapeMarkup(text))));
  const records = value.map((record) => row("td", names.map((name) => name in record ? figure(record[name]) : "")));
  return element("table", { class: "records" }, row("th", names.map(spaced)), ...records);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A long list of figures is cut in its middle: what counts are its ends. */
function figure(value: unknown): string {
  if (Array.isArray(value)) {
    const shown = value.map(figure);
    return shown.length > 12 ? [...shown.slice(0, 4), "…", ...shown.slice(-7)].join(", ") : shown.join(", ");
  }
  if (typeof value === "number") {
    return Number.isInteger(value) ? value.toLocaleString("en-US") : String(+value.toPrecision(4));
  }
  if (isRecord(value)) return Object.entries(value).map(([name, each]) => `${spaced(name)} ${figure(each)}`).join("; ");
  return value === null || value === undefined ? "–" : String(value);
}
