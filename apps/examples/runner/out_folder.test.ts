import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OptionError } from "./options.ts";
import { OutFolder } from "./out_folder.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-out-")));
afterEach(() => rmSync(folder, { recursive: true }));

describe("OutFolder", () => {
  test("writes pictures, files and the page that shows them", () => {
    const out = new OutFolder(join(folder, "runs", "demo"), false);
    out.picture("loss.svg", "<svg/>", "The <loss>");
    out.file("weights/net.safetensors", new Uint8Array([1, 2, 3]), "the weights");
    const page = out.page({
      title: "demo",
      about: "Shows & tells.",
      command: "deno task demo --lr 0.1",
      figures: { testErrorPercent: [3, 2.123456], seeds: [{ seed: 0, error: 0.5 }, { seed: 1, note: "<late>" }] },
    });

    expect(page).toBe(join(folder, "runs", "demo", "index.html"));
    expect(readFileSync(join(out.path, "loss.svg"), "utf8")).toBe("<svg/>");
    expect([...readFileSync(join(out.path, "weights", "net.safetensors"))]).toEqual([1, 2, 3]);
    const html = readFileSync(page, "utf8");
    expect(html).toContain('<img src="loss.svg" alt="The &lt;loss&gt;"/>');
    expect(html).toContain('<a href="weights/net.safetensors">');
    expect(html).toContain("Shows &amp; tells.");
    expect(html).toContain("<pre>deno task demo --lr 0.1</pre>");
    expect(html).toContain("<th>test error percent</th><td>3, 2.123</td>");
    expect(html).toContain("<tr><th>seed</th><th>error</th><th>note</th></tr><tr><td>0</td><td>0.5</td><td></td></tr>");
    expect(html).toContain("<tr><td>1</td><td></td><td>&lt;late&gt;</td></tr>");
  });

  test("shows folders within it under headings of their own", () => {
    const out = new OutFolder(folder, false), part = out.within("part");
    part.picture("loss.svg", "<svg/>", "The loss");
    out.section("part", part, { title: "first", about: "One part.", figures: { error: 2 }, said: "epoch <1>" });
    const about = { title: "demo", about: "", command: "", figures: { all: 1, first: { error: 2 } } };
    const html = readFileSync(out.page(about), "utf8");
    expect(html).toContain('<a href="#first">first</a>');
    expect(html).toContain('<h2 id="first">first</h2>');
    expect(html).toContain('<img src="part/loss.svg"');
    expect(html).toContain("<pre>epoch &lt;1&gt;</pre>");
    expect(html).toContain("<th>error</th><td>2</td>");
    expect(html).toContain("<th>all</th>");
    // The section has them.
    expect(html).not.toContain("<th>first</th>");
    expect(readFileSync(join(folder, "part", "loss.svg"), "utf8")).toBe("<svg/>");
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
    mkdirSync(join(folder, "metrics.jsonl"));
    expect(() => out.append("metrics.jsonl", "x")).toThrow(/--out: .*metrics\.jsonl cannot be written: it is a folder/);
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
    out.picture("loss.svg", "<svg/>", "");
    out.page({ title: "", about: "", command: "", figures: {} });
    expect(existsSync(out.path)).toBe(false);
  });
});
