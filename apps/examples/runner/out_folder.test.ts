import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OptionError } from "./options.ts";
import { OutFolder } from "./out_folder.ts";
import type { PagePlan } from "./page_plan.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-out-")));
afterEach(() => rmSync(folder, { recursive: true }));

const PLAN: PagePlan = { title: "demo", lesson: "Shows & tells.", pictures: {}, figures: {} };
const ABOUT = {
  plan: PLAN,
  command: "deno task demo",
  machine: "a machine",
  started: new Date(0),
  seconds: 1,
  ended: true,
  tables: [],
  figures: {},
};

describe("OutFolder", () => {
  test("writes pictures, files and the page that shows them, a picture as it was drawn last", () => {
    const out = new OutFolder(join(folder, "runs", "demo"), false);
    out.picture("loss.svg", '<svg width="7" height="5"/>');
    out.picture("loss.svg", '<svg width="720" height="430"/>', "Of one seed.");
    out.file("weights/net.safetensors", new Uint8Array([1, 2, 3]), "the weights");
    const page = out.page({ ...ABOUT, plan: { ...PLAN, pictures: { "loss.svg": "The <loss>." } } });

    expect(page).toBe(join(folder, "runs", "demo", "index.html"));
    expect(readFileSync(join(out.path, "loss.svg"), "utf8")).toBe('<svg width="720" height="430"/>');
    expect([...readFileSync(join(out.path, "weights", "net.safetensors"))]).toEqual([1, 2, 3]);
    const html = readFileSync(page, "utf8");
    expect(html).toContain('<img src="loss.svg" alt="The &lt;loss&gt;. Of one seed." width="720" height="430"');
    expect(html.match(/<img/g)).toHaveLength(1);
    expect(html).toContain('<a href="weights/net.safetensors">');
  });

  test("shows folders within it under headings of their own", () => {
    const out = new OutFolder(folder, false), part = out.within("first");
    part.picture("loss.svg", "<svg/>");
    const plan = { ...PLAN, title: "The first", figures: { error: { label: "Error", unit: "%" } } };
    out.section("first", part, { plan, figures: { error: 2 }, said: "epoch <1>" });
    const html = readFileSync(out.page({ ...ABOUT, figures: { all: 1, first: { error: 2 } } }), "utf8");
    expect(html).toContain('<a href="#first">The first</a>');
    expect(html).toContain('<h2 id="first" class="section">The first</h2>');
    expect(html).toContain('<img src="first/loss.svg"');
    expect(html).toContain("<pre>epoch &lt;1&gt;</pre>");
    expect(html.match(/2%/g)).toHaveLength(1);
    expect(readFileSync(join(folder, "first", "loss.svg"), "utf8")).toBe("<svg/>");
  });

  test("replaces the files of the run before and leaves no parts", () => {
    for (const content of ["old", "new"]) new OutFolder(folder, false).file("a.txt", content, "");
    expect(readdirSync(folder)).toEqual(["a.txt"]);
    expect(readFileSync(join(folder, "a.txt"), "utf8")).toBe("new");
  });

  test("a place that cannot be written to is known before anything is", () => {
    writeFileSync(join(folder, "file"), "mine");
    const open = (path: string): () => () => void => () => new OutFolder(path, false).open();
    expect(open(join(folder, "file"))).toThrow(OptionError);
    expect(open(join(folder, "file"))).toThrow(`--out: ${join(folder, "file")} is a file; expected a folder`);
    expect(open(join(folder, "file", "below"))).toThrow(
      /--out: .*below cannot be written: a part of its path is a file/,
    );
    // Not even root can create a folder there.
    if (process.platform === "linux") expect(open("/proc/heddle")).toThrow(/--out: \/proc\/heddle cannot be written: /);
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("mine");
    const leave = new OutFolder(join(folder, "new", "below"), false).open();
    expect(() => new OutFolder(join(folder, "new", "below"), false).open()).toThrow(/is in use/);
    leave();
    expect(new OutFolder(join(folder, "file"), true).open()).not.toThrow();
  });

  test("what the system refuses later names the file", () => {
    const out = new OutFolder(folder, false);
    writeFileSync(join(folder, "sub"), "mine");
    expect(() => out.file("sub/a.txt", "x", "")).toThrow(
      /--out: .*a\.txt cannot be written: a part of its path is a file/,
    );
  });

  test("two that write the same files take nothing from each other", async () => {
    const run = async (who: string): Promise<void> => {
      const out = new OutFolder(folder, false);
      for (let i = 0; i < 20; i++) {
        out.file("a", who.repeat(1000), "");
        await Promise.resolve();
      }
    };
    await Promise.all(["x", "y", "z"].map(run));
    expect(readFileSync(join(folder, "a"), "utf8")).toMatch(/^(x{1000}|y{1000}|z{1000})$/);
    expect(readdirSync(folder)).toEqual(["a"]);
  });

  test("writes nothing when dry", () => {
    const out = new OutFolder(join(folder, "dry"), true);
    out.picture("loss.svg", "<svg/>");
    out.page(ABOUT);
    expect(existsSync(out.path)).toBe(false);
  });
});
