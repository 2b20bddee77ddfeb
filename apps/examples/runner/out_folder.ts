/** The folder of a run: its pictures, its figures, its weights, and a page that shows them. */
import { appendFileSync, existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { lockFolder } from "./folder_lock.ts";
import { makeFolder } from "./make_folder.ts";
import { OptionError } from "./options.ts";
import { type RunPage, runPage, type Section } from "./page.ts";
import { putFile, type PutOptions } from "./part_file.ts";

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

  /**
   * Makes the folder and takes it for this run; what it returns lets go of it. A dry one is not touched.
   *
   * @throws OptionError when it cannot be written to, or another run has it.
   */
  open(): () => void {
    if (this.dry) return () => {};
    return this.attempt(this.path, () => {
      if (existsSync(this.path) && !statSync(this.path).isDirectory()) {
        throw new OptionError(`--out: ${this.path} is a file; name a folder`);
      }
      makeFolder(this.path);
      return lockFolder(this.path);
    });
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
    if (this.dry) return;
    const target = join(this.path, file);
    this.attempt(target, () => appendFileSync(target, content));
  }

  /**
   * Puts a file in the place of the one of that name, once it is whole on the disk and not only in the system's memory. With
   * `previous` the old one stays, under that name.
   */
  replace(file: string, content: string | Uint8Array, previous?: string): void {
    this.write(file, content, {
      durable: true,
      ...(previous !== undefined && { previous: join(this.path, previous) }),
    });
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

  /** A file appears whole or not at all, see {@link putFile}. */
  private write(file: string, content: string | Uint8Array, options: PutOptions = {}): void {
    if (this.dry) return;
    const target = join(this.path, file);
    this.attempt(target, () => {
      makeFolder(dirname(target));
      putFile(target, content, options);
    });
  }

  /** Says of what the system refuses what it was for. */
  private attempt<T>(path: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      throw new OptionError(`--out: ${path} cannot be written: ${REASONS[code] ?? message}`, { cause: error });
    }
  }
}

/** What the system's codes mean for who named a folder. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "it belongs to somebody else (EACCES); name another folder",
  EPERM: "it is protected (EPERM); name another folder",
  EROFS: "it is on a disk that is read-only (EROFS); name another folder",
  ENOSPC: "the disk is full (ENOSPC); free some room, or name a folder on another disk",
  EDQUOT: "your share of the disk is used up (EDQUOT); free some room, or name a folder on another disk",
  ENOTDIR: "a part of its path is a file (ENOTDIR); name another folder",
  EEXIST: "a part of its path is a file (EEXIST); name another folder",
  EISDIR: "it is a folder (EISDIR); move it away, or name another --out",
};
