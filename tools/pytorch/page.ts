// Writes docs/pytorch.md: every public name of PyTorch's main namespaces with its counterpart in Heddle, or why there is none.
// The names are recorded from PyTorch (tools/oracle/names.py); the counterparts are looked up in what the packages export.
//
//   npx tsx tools/pytorch/page.ts     writes the page; its test fails when the page is out of date

import { readFileSync, writeFileSync } from "node:fs";
import * as autograd from "../../packages/autograd/src/mod.ts";
import * as data from "../../packages/data/src/mod.ts";
import * as linalg from "../../packages/linalg/src/mod.ts";
import * as nn from "../../packages/nn/src/mod.ts";
import * as optim from "../../packages/optim/src/mod.ts";
import * as tensor from "../../packages/tensor/src/mod.ts";
import { isMain } from "../is_main.ts";
import { aliases, reasons, renamed } from "./counterparts.ts";

const recorded = JSON.parse(readFileSync(new URL("./names.json", import.meta.url), "utf8")) as {
  readonly torch: string;
  readonly names: Readonly<Record<string, readonly string[]>>;
};

const camel = (name: string): string =>
  name.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const members = new Set([
  ...Object.getOwnPropertyNames(tensor.Tensor.prototype),
  ...["dtype", "shape", "strides", "offset", "numel", "device"],
]);

const has = (space: object, name: string): boolean => Object.hasOwn(space, name);

/** Where each namespace of PyTorch is looked for, in this order. */
function found(space: string, name: string): string | null {
  const own = camel(name);
  const method = members.has(own) ? `\`x.${own}\`` : null;
  const exported = has(tensor, own) ? `\`${own}\`` : null;
  const layer = has(nn.functional, own) ? `\`F.${own}\`` : null;
  const algebra = has(linalg, own) ? `\`linalg.${own}\`` : null;
  switch (space) {
    case "torch":
      return method ?? exported ?? layer ?? algebra ?? (has(autograd, own) ? `\`${own}\`` : null);
    case "torch.Tensor":
      return method ?? exported ?? layer ?? algebra;
    case "torch.nn":
      return has(nn, name) ? `\`${name}\`` : null;
    case "torch.nn.functional":
      return layer ?? exported ?? method;
    case "torch.optim":
    case "torch.optim.lr_scheduler":
      return has(optim, name) ? `\`${name}\`` : null;
    case "torch.linalg":
      return algebra ?? method ?? exported;
    case "torch.fft":
      return exported;
    default:
      return has(data, name) ? `\`${name}\`` : null;
  }
}

/** A name's counterpart or reason, and whether there is a counterpart. */
function entry(space: string, name: string): { readonly text: string; readonly kind: "here" | "not" | "later" } {
  const whole = `${space}.${name}`;
  if (has(renamed, whole)) return { text: renamed[whole]!, kind: "here" };
  const direct = found(space, name);
  if (direct !== null) return { text: direct, kind: "here" };
  const [, base, suffix] = name.match(/^(.*?)(_?)$/)!;
  const alias = aliases[base!];
  if (alias !== undefined) {
    const [of, into] = alias.startsWith("linalg.") ? ["torch.linalg", alias.slice(7)] : [space, alias + suffix];
    const original = found(of, into);
    const apart = suffix === "_" && of === space ? found(space, alias) : null;
    if (original === null && apart !== null) return { text: `no form in place: ${apart}`, kind: "not" };
    return original === null
      ? { text: `alias of \`${alias}\`; not there yet`, kind: "later" }
      : { text: `alias of ${original}`, kind: "here" };
  }
  if (suffix === "_" && found(space, base!) !== null) {
    return { text: `no form in place: ${found(space, base!)}`, kind: "not" };
  }
  for (const [pattern, reason] of reasons) if (pattern.test(whole)) return { text: reason, kind: "not" };
  return { text: "not there yet", kind: "later" };
}

/** The whole page. */
export function page(): string {
  const lines = [
    "# PyTorch's names, and Heddle's",
    "",
    `Every public name of PyTorch ${
      recorded.torch.replace(/a0.*/, "")
    } in the namespaces below, with its counterpart in Heddle or the reason why there is`,
    "none. The page is generated from the packages' exports (`npx tsx tools/pytorch/page.ts`), and a test holds it to them. `x` is a",
    "tensor, `F` is `functional` of `@heddle/nn`, `linalg` is `@heddle/linalg`. Where the same name behaves differently,",
    "[differences](differences.md) says how.",
    "",
  ];
  for (const [space, names] of Object.entries(recorded.names)) {
    const entries = names.map((name) => ({ name, ...entry(space, name) }));
    const count = (kind: string) => entries.filter((item) => item.kind === kind).length;
    lines.push(
      `## ${space}`,
      "",
      `${names.length} names: ${count("here")} are here, ${count("not")} have no place here, ${
        count("later")
      } are not there yet.`,
      "",
      "| PyTorch | Heddle |",
      "| --- | --- |",
      ...entries.map(({ name, text }) => `| \`${name}\` | ${text} |`),
      "",
    );
  }
  return lines.join("\n");
}

if (isMain(import.meta.url)) writeFileSync(new URL("../../docs/pytorch.md", import.meta.url), page());
