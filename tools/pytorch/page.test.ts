import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aliases, renamed } from "./counterparts.ts";
import { page } from "./page.ts";

/** A page without what the formatter changes: the width of columns. */
const plain = (text: string): string => text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---").trim();

const names = (JSON.parse(readFileSync(new URL("./names.json", import.meta.url), "utf8")) as {
  names: Record<string, string[]>;
}).names;

test("docs/pytorch.md says what the packages export; npx tsx tools/pytorch/page.ts writes it again", () => {
  expect(plain(readFileSync(new URL("../../docs/pytorch.md", import.meta.url), "utf8"))).toBe(plain(page()));
});

test("every counterpart under another name is of a name that PyTorch has", () => {
  const whole = new Set(Object.entries(names).flatMap(([space, list]) => list.map((name) => `${space}.${name}`)));
  for (const name of Object.keys(renamed)) expect(whole, name).toContain(name);
  for (const name of Object.keys(aliases)) {
    expect(whole.has(`torch.${name}`) || whole.has(`torch.Tensor.${name}`), name).toBe(true);
  }
});
