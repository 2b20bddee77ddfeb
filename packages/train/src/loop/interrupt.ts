import { currentProcess } from "../node.ts";

const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;
type Signal = keyof typeof SIGNALS;

/** How often signals are looked for, in milliseconds. */
const TURN_MS = 20;

/**
 * Notices Ctrl-C and SIGTERM, so that a training can end in order: after the first one `requested` says so, and the loop saves a
 * checkpoint and ends. A second one ends the process at once. The exit code is then 130 or 143, as shells expect of interrupted programs.
 *
 * In a browser it notices nothing.
 *
 * @example
 * ```ts
 * import { Interrupt } from "@heddle/train";
 * using interrupt = new Interrupt();
 * for (let step = 0; step < 10; step++) {
 *   // … a step …
 *   if (await interrupt.requested()) break;
 * }
 * ```
 */
export class Interrupt {
  /** The signal that came, or null. */
  signal: "SIGINT" | "SIGTERM" | null = null;
  private readonly process: NodeJS.Process | null = currentProcess();
  private turned: number = -Infinity;
  private readonly onSignal = (signal: Signal): void => {
    if (this.signal !== null) this.process!.exit(128 + SIGNALS[signal]);
    this.signal = signal;
    this.process!.exitCode = 128 + SIGNALS[signal];
  };

  constructor() {
    for (const signal of Object.keys(SIGNALS)) this.process?.on(signal, this.onSignal);
  }

  /**
   * Whether a signal came. Signals arrive only while a program awaits something: this lets them arrive, some fifty times a second at most.
   */
  async requested(): Promise<boolean> {
    const now = performance.now();
    if (this.process !== null && this.signal === null && now - this.turned >= TURN_MS) {
      this.turned = now;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return this.signal !== null;
  }

  /** Stops noticing: the next signal ends the process again. */
  close(): void {
    for (const signal of Object.keys(SIGNALS)) this.process?.off(signal, this.onSignal);
  }

  /** Stops noticing at the end of a block with `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}
