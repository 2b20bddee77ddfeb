/** The page of a run: its figures, its pictures, its other files. It opens from disk. */
import { figureText, namesOf, recordsOf, spaced } from "@heddle/train/text";
import { element, escapeMarkup } from "./pictures/svg.ts";

const STYLE = `
  body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff }
  h1 { font-size: 1.6rem; margin-bottom: 0 }
  h2 { font-size: 1.3rem; margin: 4rem 0 0; padding-top: 1rem; border-top: 2px solid #e3e3e3 }
  nav { margin: 1.5rem 0 0 }
  p.about { margin-top: .3rem; color: #5a5a5a }
  pre { margin: 1.5rem 0 0; white-space: pre-wrap; color: #5a5a5a }
  table { border-collapse: collapse; margin: 1.5rem 0; font-variant-numeric: tabular-nums }
  th, td { text-align: left; padding: .2rem 1.5rem .2rem 0; border-bottom: 1px solid #e3e3e3; vertical-align: top }
  th { font-weight: 500; color: #5a5a5a }
  td { overflow-wrap: anywhere; white-space: pre-line }
  table.records { margin: 0; font-size: .9rem }
  table.records th, table.records td { padding-right: 1rem; overflow-wrap: normal }
  table.records td { white-space: pre-wrap }
  details pre { margin: .5rem 0 0; overflow-x: auto; white-space: pre; font-size: .85rem; line-height: 1.35 }
  figure { margin: 2rem 0 }
  figure img { max-width: 100%; height: auto; border: 1px solid #e3e3e3 }
  figcaption { color: #5a5a5a; font-size: .9rem }
`;

/** A section of a page. File names are relative to the page. */
export interface Section {
  title: string;
  about: string;
  figures: Record<string, unknown>;
  pictures: readonly { file: string; caption: string }[];
  files: readonly { file: string; note: string }[];
  /** What the run printed. */
  said?: string;
}

/** The content of the page of a run. */
export interface RunPage extends Section {
  /** The command that produced it. */
  command: string;
  /** Sections at the end. */
  sections?: readonly Section[];
}

/** The page as the text of an HTML file. */
export function runPage(page: RunPage): string {
  const sections = page.sections ?? [];
  const title = escapeMarkup(page.title);
  const links = sections.map((section) => element("a", { href: `#${section.title}` }, escapeMarkup(section.title)));
  return [
    "<!doctype html>",
    `<html lang="en">`,
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>`,
    `<style>${STYLE}</style></head>`,
    "<body>",
    element("h1", {}, title),
    element("p", { class: "about" }, escapeMarkup(page.about)),
    element("pre", {}, escapeMarkup(page.command)),
    links.length > 0 ? element("nav", {}, links.join(" · ")) : "",
    ...content(page, sections.map((section) => section.title)),
    ...sections.flatMap((section) => [
      element("h2", { id: section.title }, escapeMarkup(section.title)),
      element("p", { class: "about" }, escapeMarkup(section.about)),
      ...content(section),
    ]),
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** Figures, pictures, files and output under a heading, without figures that have their own section. */
function content({ figures, pictures, files, said }: Section, elsewhere: readonly string[] = []): string[] {
  const rows = Object.entries(figures).filter(([name]) => !elsewhere.includes(name)).map(([name, value]) =>
    element("tr", {}, element("th", {}, escapeMarkup(spaced(name))), element("td", {}, cell(value)))
  );
  const shown = pictures.map(({ file, caption }) =>
    element(
      "figure",
      {},
      element("a", { href: file }, element("img", { src: file, alt: caption })),
      element("figcaption", {}, escapeMarkup(caption)),
    )
  );
  const listed = files.map(({ file, note }) =>
    element("li", {}, element("a", { href: file }, escapeMarkup(file)), ` ${escapeMarkup(note)}`)
  );
  return [
    rows.length > 0 ? element("table", {}, ...rows) : "",
    ...shown,
    said ? element("details", {}, element("summary", {}, "Output"), element("pre", {}, escapeMarkup(said))) : "",
    listed.length > 0 ? element("ul", {}, ...listed) : "",
  ];
}

/** A figure as markup: a list of records becomes a table. */
function cell(value: unknown): string {
  const records = recordsOf(value);
  if (records === null) return escapeMarkup(figureText(value));
  const names = namesOf(records);
  const row = (tag: string, texts: readonly string[]): string =>
    element("tr", {}, ...texts.map((text) => element(tag, {}, escapeMarkup(text))));
  const rows = records.map((record) => row("td", names.map((name) => name in record ? figureText(record[name]) : "")));
  return element("table", { class: "records" }, row("th", names.map(spaced)), ...rows);
}
