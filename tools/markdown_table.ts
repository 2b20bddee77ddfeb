/** A Markdown table, aligned as `deno fmt` does. The first row is the head. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, j) => Math.max(3, ...rows.map((row) => [...row[j]!].length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, j) => cell + " ".repeat(widths[j]! - [...cell].length)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join("\n");
}
