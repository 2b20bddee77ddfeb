/** What keeps a model from being run, collected so that one error has all of it. */

/** The problems of a model. */
export interface Problems {
  /** Operators that are missing. */
  readonly operators: Set<string>;
  /** By node, in sentences. */
  readonly nodes: string[];
}

/** The most lines of an error. */
const most = 20;

/** @throws Error that names all problems, if there are any. */
export function throwProblems({ operators, nodes }: Problems): void {
  if (nodes.length === 0) return;
  const shown = [...new Set(nodes)];
  const more = shown.length > most ? [`… and ${shown.length - most} more`] : [];
  const missing = operators.size === 0 ? [] : [`missing operators: ${[...operators].join(", ")}`];
  throw new Error(
    ["importOnnx: the model cannot be run:", ...missing, ...shown.slice(0, most), ...more].join("\n  "),
  );
}
