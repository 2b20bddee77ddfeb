/** What keeps a model from being run, collected so that one error has all of it. */

/** The problems of a model. */
export interface Problems {
  /** Operators that are missing. */
  readonly operators: Set<string>;
  /** By node, in sentences. */
  readonly nodes: string[];
}

/** The most characters of an error. */
const most = 900;

/** @throws Error that names all problems, if there are any, as far as there is room. */
export function throwProblems({ operators, nodes }: Problems): void {
  if (nodes.length === 0) return;
  const missing = [...operators].join(", ");
  const lines = ["importOnnx: the model cannot be run:"];
  if (missing !== "") lines.push(`missing operators: ${missing.length > 400 ? `${missing.slice(0, 400)}…` : missing}`);
  const all = [...new Set(nodes)];
  let room = most - lines.join("").length;
  const shown = all.findIndex((line) => (room -= line.length + 3) < 0);
  lines.push(...all.slice(0, shown < 0 ? all.length : Math.max(shown, 1)).map((line) => line.slice(0, 400)));
  const left = all.length - (shown < 0 ? all.length : Math.max(shown, 1));
  if (left > 0) lines.push(`… and ${left} more`);
  throw new Error(lines.join("\n  "));
}
