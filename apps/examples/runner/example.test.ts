import { defaultDevice, rand } from "@heddle/tensor";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Example, runExample } from "./example.ts";
import { askOptions, LineError } from "./prompt.ts";
import { type CommonOptions, commonOptions } from "./options.ts";

let folder: string;
beforeEach(() => folder = mkdtempSync(join(tmpdir(), "heddle-example-")));
afterEach(() => rmSync(folder, { recursive: true }));

const QUIET = { write: () => {} };

const demo: Example<CommonOptions> = {
  name: "demo",
  about: "Shows what the runner does.",
  page: {
    title: "A demonstration",
    lesson: "Every dot counts.",
    pictures: { "dot.svg": "A dot." },
    figures: { drawn: { label: "Drawn number", digits: 2 } },
  },
  options: commonOptions({ name: "demo", epochs: 2, batch: 10, lr: 0.1, data: "none" }),
  run({ epochs }, run) {
    const progress = run.progress(epochs);
    const table = run.table(["epoch"]);
    for (let epoch = 1; epoch <= epochs; epoch++) {
      progress.advance(`loss ${1 / epoch}`);
      table.row(epoch);
    }
    progress.end();
    run.out.picture("dot.svg", "<svg/>");
    return Promise.resolve({ device: run.device.name, epochs, drawn: rand([1]).item() });
  },
};

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = "", stderr = "";
  const code = await runExample(demo, args, {
    stdout: { write: (text) => stdout += text },
    stderr: { write: (text) => stderr += text },
  });
  return { code, stdout, stderr };
}

describe("runExample", () => {
  test("prints for people on standard output and writes the page", async () => {
    const out = join(folder, "out");
    const { code, stdout, stderr } = await run("--out", out);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toContain(" 50%  loss 1 ");
    expect(stdout).toContain("\n      2\n");
    expect(stdout.trimEnd().split("\n").at(-1)).toBe(`Pictures, weights and figures: ${join(out, "index.html")}`);
    expect(readFileSync(join(out, "index.html"), "utf8")).toContain('src="dot.svg"');
    expect(JSON.parse(readFileSync(join(out, "figures.json"), "utf8"))).toMatchObject({ epochs: 2 });
  });

  test("the page is written after every row, and says that the run goes on", async () => {
    const out = join(folder, "out"), seen: string[] = [];
    const watched: Example<CommonOptions> = {
      ...demo,
      run(options, run) {
        const table = run.table(["epoch", "loss"]);
        const row = (epoch: number): void => {
          run.out.picture("dot.svg", `<svg width="10" height="${epoch}"/>`);
          table.row(epoch, `${1 / epoch}`);
          seen.push(readFileSync(join(out, "index.html"), "utf8"));
        };
        expect(existsSync(join(out, "index.html"))).toBe(false);
        row(1);
        row(2);
        return demo.run(options, run);
      },
    };
    expect(await runExample(watched, ["--out", out, "--json"], { stdout: QUIET, stderr: QUIET })).toBe(0);
    seen.forEach((html, i) => {
      expect(html).toContain("Still running");
      expect(html).toContain('http-equiv="refresh"');
      expect(html.match(/src="dot.svg"/g)).toHaveLength(1);
      expect(html).toContain(`height="${i + 1}"`);
      expect(html.includes("<td>0.5</td>")).toBe(i === 1);
    });
    const last = readFileSync(join(out, "index.html"), "utf8");
    expect(last).not.toContain("Still running");
    expect(last).not.toContain("refresh");
    expect(last).toContain("Drawn number");
    expect(last).toContain(`<pre>deno task example demo --out ${out} --json</pre>`);
  });

  test("the page says that an error ended the run, and one that fails at once leaves the page before", async () => {
    const out = join(folder, "out");
    const failing = (rows: number): Example<CommonOptions> => ({
      ...demo,
      run(_, run) {
        const table = run.table(["epoch"]);
        for (let epoch = 1; epoch <= rows; epoch++) table.row(epoch);
        return Promise.reject(new Error("no more memory"));
      },
    });
    await expect(runExample(failing(1), ["--out", out], { stdout: QUIET, stderr: QUIET })).rejects.toThrow("no more");
    const failed = readFileSync(join(out, "index.html"), "utf8");
    expect(failed).toContain("The run ended with an error: no more memory");
    expect(failed).not.toContain("refresh");
    await run("--out", out);
    const whole = readFileSync(join(out, "index.html"), "utf8");
    await expect(runExample(failing(0), ["--out", out], { stdout: QUIET, stderr: QUIET })).rejects.toThrow("no more");
    expect(readFileSync(join(out, "index.html"), "utf8")).toBe(whole);
  });

  test("the rows of a training are on the page too", async () => {
    const out = join(folder, "out");
    const trained: Example<CommonOptions> = {
      ...demo,
      run(options, run) {
        const progress = run.progress(null, 0, { row: ({ epoch }) => ({ epoch, "half of it": `${epoch / 2}` }) });
        for (const epoch of [1, 2]) progress.onEpoch({ epoch, step: epoch, loss: 1, seconds: 1, lr: 1 });
        expect(readFileSync(join(out, "index.html"), "utf8")).toMatch(/half of it[^]*<td>2<\/td><td>1<\/td>/);
        return demo.run(options, run);
      },
    };
    expect(await runExample(trained, ["--out", out], { stdout: QUIET, stderr: QUIET })).toBe(0);
  });

  test("the second run in a folder is an error, and the folder is free afterwards", async () => {
    const out = join(folder, "out");
    const both = await Promise.all([run("--out", out), run("--out", out)]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 2]);
    expect(both.find(({ code }) => code === 2)!.stderr).toContain(
      `demo: --out: ${out} is in use by this process, number`,
    );
    expect((await run("--out", out)).code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(["dot.svg", "figures.json", "index.html"]);
  });

  test("an impossible folder is an error before the run", async () => {
    const out = join(folder, "file");
    writeFileSync(out, "mine");
    for (const path of [out, join(out, "below")]) {
      const { code, stdout, stderr } = await run("--out", path);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(
        /^demo: --out: .* (is a file; expected a folder|a part of its path is a file \(.*\); use another folder)\n$/,
      );
    }
    expect(readFileSync(out, "utf8")).toBe("mine");
  });

  test("--json leaves one line on standard output", async () => {
    const { code, stdout, stderr } = await run("--json", "--out", folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(stdout)).toMatchObject({ device: defaultDevice().name, epochs: 2 });
    expect(stderr).toContain("Pictures, weights and figures");
  });

  test("the seed decides what is random", async () => {
    const drawn = async (seed: string): Promise<number> =>
      JSON.parse((await run("--json", "--dry-run", "--seed", seed)).stdout).drawn;
    expect(await drawn("1")).toBe(await drawn("1"));
    expect(await drawn("1")).not.toBe(await drawn("2"));
  });

  test("--dry-run writes nothing", async () => {
    const { code, stdout } = await run("--dry-run", "--out", join(folder, "dry"));
    expect(code).toBe(0);
    expect(stdout).toContain("Dry run: nothing was written.");
    expect(existsSync(join(folder, "dry"))).toBe(false);
  });

  test("--help", async () => {
    const { code, stdout } = await run("--help");
    expect(code).toBe(0);
    expect(stdout).toContain("Shows what the runner does.\n\nUsage: deno task example demo [options]\n");
  });

  test("a wrong option ends it with a line for people and code 2", async () => {
    const { code, stdout, stderr } = await run("--epoch", "3");
    expect([code, stdout, stderr]).toEqual([2, "", "demo: unknown option --epoch; did you mean --epochs?\n"]);
  });

  test("a device that is not there: the error names those that are", async () => {
    const { code, stderr } = await run("--device", "abacus");
    expect(code).toBe(2);
    expect(stderr).toMatch(/^demo: --device abacus: no such device; expected .*reference/);
  });

  test("--ask replies to lines in place of a run, and writes nothing", async () => {
    const asked: Example<CommonOptions> = {
      ...demo,
      options: { ...askOptions("a word"), ...demo.options },
      answer: () =>
        Promise.resolve((line) => {
          if (line === "?") throw new LineError("that is no word");
          return line.toUpperCase();
        }),
    };
    const out = join(folder, "asked");
    const ask = async (...args: string[]) => {
      let stdout = "", stderr = "";
      const code = await runExample(asked, ["--ask", "--out", out, ...args], {
        stdout: { write: (text) => stdout += text },
        stderr: { write: (text) => stderr += text },
        stdin: (async function* () {
          yield "one\n?\ntwo";
        })(),
      });
      return { code, stdout, stderr };
    };
    expect(await ask()).toEqual({ code: 0, stdout: "ONE\n\nTWO\n", stderr: "line 2: that is no word\n" });
    expect(JSON.parse((await ask("--json")).stdout)).toEqual({ answered: 2, refused: 1 });
    expect(existsSync(out)).toBe(false);
  });

  test("an error of the example itself is not hidden", async () => {
    const broken = { ...demo, run: () => Promise.reject(new TypeError("a bug")) };
    await expect(runExample(broken, [], { stdout: QUIET, stderr: QUIET })).rejects.toThrow(
      "a bug",
    );
  });
});
