/** The folder of a run: its pictures, its figures, its weights, and a page that shows them. */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type RunPage, runPage, type Section } from "./page.ts";

/** Writes the files of one run and remembers them for the page. */
export class OutFolder {
  /** As the person named it, or as the default is. */
  readonly path: string;
  /** Whether it writes nothing. */
  readonly dry: boolean;
  private readonly pictures: { file: string; caption: string }[] = [];
  private readonly files: { file: string; note: string }[] = [];
  private readonly sections: Section[] = [];

  /** A dry one writes nothing. */
  constructor(path: string, dry: boolean) {
    this.path = path;
    this.dry = dry;
  }

  /** Writes a picture (the text of an SVG file); the page shows it with its caption. */
  picture(file: string, svg: string, caption: string): void {
    this.write(file, svg);
    this.pictures.push({ file, caption });
  }

  /** Writes another file; the page links to it with its note. */
  file(file: string, content: string | Uint8Array, note: string): void {
    this.write(file, content);
    this.files.push({ file, note });
  }

  /** Adds to a file that is there; makes it where it is not. */
  append(file: string, content: string): void {
    if (!this.dry) appendFileSync(join(this.path, file), content);
  }

  /**
   * Puts a file in the place of the one of that name, once it is whole on the disk and not only in the system's memory. With
   * `previous` the old one stays, under that name.
   */
  replace(file: string, content: string | Uint8Array, previous?: string): void {
    if (this.dry) return;
    const target = join(this.path, file), part = `${target}.part`;
    mkdirSync(dirname(target), { recursive: true });
    const descriptor = openSync(part, "w");
    try {
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (previous !== undefined && existsSync(target)) renameSync(target, join(this.path, previous));
    renameSync(part, target);
  }

  /** A folder within this one, for a part of the run; its files are not on the page. */
  within(name: string): OutFolder {
    return new OutFolder(join(this.path, name), this.dry);
  }

  /** Shows the pictures and files of a folder within this one on the page, under a heading of their own. */
  section(folder: string, part: OutFolder, about: Omit<Section, "pictures" | "files">): void {
    const moved = <T extends { file: string }>(entries: readonly T[]): T[] =>
      entries.map((entry) => ({ ...entry, file: `${folder}/${entry.file}` }));
    this.sections.push({ ...about, pictures: moved(part.pictures), files: moved(part.files) });
  }

  /** Writes `index.html` with all of the above and gives its absolute path. */
  page(about: Omit<RunPage, "pictures" | "files" | "sections">): string {
    const { pictures, files, sections } = this;
    this.write("index.html", runPage({ ...about, pictures, files, sections }));
    return resolve(this.path, "index.html");
  }

  /** A file appears whole or not at all: it is written beside its place and then moved there. */
  private write(file: string, content: string | Uint8Array): void {
    if (this.dry) return;
    const target = join(this.path, file);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(`${target}.part`, content);
    renameSync(`${target}.part`, target);
  }
}
