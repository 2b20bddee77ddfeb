/** Modules as text: the tree, and the table of layers and parameters. */
import { itemSize } from "@heddle/tensor";
import type { Module } from "./module.ts";
import type { Parameter } from "./parameter.ts";
import { showSizes } from "./sizes.ts";

const number = (value: number): string => value.toLocaleString("en-US");

/** One line for every module that has its own parameters or no children; tied parameters count where they first occur. */
export function summarise(root: Module): string {
  const seen = new Set<Parameter>();
  const rows: string[][] = [];
  for (const [name, module] of root.namedModules()) {
    const own = module.ownParameters();
    if (own.length === 0 && module.children().length > 0) continue;
    let count = 0;
    const shapes = own.map(([key, parameter]) => {
      const tied = seen.has(parameter);
      if (!tied) count += parameter.numel;
      seen.add(parameter);
      return `${key} ${showSizes(parameter.shape)}${tied ? " (tied)" : parameter.requiresGrad ? "" : " (frozen)"}`;
    });
    rows.push([name === "" ? "(root)" : name, module.constructor.name, shapes.join(", "), number(count)]);
  }
  const parameters = [...seen];
  const total = parameters.reduce((n, parameter) => n + parameter.numel, 0);
  const trainable = parameters.reduce((n, parameter) => n + (parameter.requiresGrad ? parameter.numel : 0), 0);
  const bytes = parameters.reduce((n, parameter) => n + parameter.numel * itemSize(parameter.dtype), 0);

  const header = ["layer", "type", "parameters", "count"];
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => column === 3 ? cell.padStart(widths[3]!) : cell.padEnd(widths[column]!)).join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("──");
  const frozen = total - trainable;
  return [
    line(header),
    rule,
    ...rows.map(line),
    rule,
    `${number(total)} parameters (${memorySize(bytes)}), ${number(trainable)} trainable${
      frozen > 0 ? `, ${number(frozen)} frozen` : ""
    }`,
  ].join("\n");
}

function memorySize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib.toFixed(1)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}

/** How deeply modules may be nested, about as in PyTorch: deeper ones would exhaust the stack, in `forward` too. */
const mostDepth = 1000;

/** @throws RangeError for modules nested so deeply that the stack could overflow. */
export function checkDepth(root: Module, depth: number): void {
  if (depth <= mostDepth) return;
  throw new RangeError(
    `${root.constructor.name}: modules are nested more than ${mostDepth} deep; put them side by side in one Sequential or ModuleList`,
  );
}

/** The modules around the one being drawn, since an inner one may point back to them. */
const drawing: Set<Module> = new Set();

/** The module with its inner modules, one on each line, as PyTorch prints them. */
export function drawTree(module: Module): string {
  const [root = module] = drawing;
  checkDepth(root, drawing.size);
  const children = module.namedChildren();
  const name = module.constructor.name;
  const extra = module.extraRepr();
  if (children.length === 0) return `${name}(${extra})`;
  drawing.add(module);
  const lines = extra === "" ? [] : [extra];
  try {
    for (const [key, child] of children) {
      lines.push(`(${key}): ${drawing.has(child) ? `${child.constructor.name}(…), which this is within` : child}`);
    }
  } finally {
    drawing.delete(module);
  }
  return `${name}(\n${lines.map((line) => `  ${line.replaceAll("\n", "\n  ")}\n`).join("")})`;
}
