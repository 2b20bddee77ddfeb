/** What stands in a state for an object that only Python has. */

/**
 * An object of a Python class, or what a Python function returned, in a file that was loaded with `{ placeholders: true }`. Nothing of
 * Python was run: it holds the data that the file has for it. It cannot be saved.
 *
 * @example
 * ```ts ignore
 * const { args } = await load<{ args: UnsupportedObject }>("checkpoint.pth", { placeholders: true });
 * args.module; // "argparse"
 * args.name; // "Namespace"
 * args.state; // { lr: 0.1, epochs: 90 }
 * ```
 */
export class UnsupportedObject {
  /** The Python module of the class or function. */
  readonly module: string;
  /** The class or function within the module. */
  readonly name: string;
  /** What it was called with; null for the class or function itself. */
  readonly args: readonly unknown[] | null = null;
  /** The attributes by name, or what the class's `__getstate__` returned; null if there are none. */
  readonly state: unknown = null;
  /** The items of a subclass of `list` or `set`, or those of a subclass of `dict` by their keys; null for others. */
  readonly items: unknown = null;

  /** For the reader of files. */
  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }
}
