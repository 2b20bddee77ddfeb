/** What went wrong on the GPU, which it says later than it was asked: kept until somebody reads. */

/** See the module's comment. */
export class Failures {
  /** Settles when the device is lost, with the error. */
  readonly lost: Promise<Error>;
  private first: Error | null = null;
  private gone: Error | null = null;
  private readonly outOfMemory: () => string;

  /** @param outOfMemory makes room, and answers a report of what holds memory. */
  constructor(device: GPUDevice, outOfMemory: () => string) {
    this.outOfMemory = outOfMemory;
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.note((event as GPUUncapturedErrorEvent).error);
    });
    this.lost = device.lost.then(({ reason, message }) => {
      return this.gone = new Error(
        `webgpu: the device was lost (${reason || "unknown reason"}${
          message ? `: ${message.trim()}` : ""
        }); its tensors are ` +
          `gone. Make another with await webgpu(), and load what was saved`,
      );
    });
  }

  /** Keeps an error that is the cause of those that the GPU has told of. */
  keep(cause: Error): void {
    this.first = cause;
  }

  /** Whether {@link check} would throw. */
  get any(): boolean {
    return this.gone !== null || this.first !== null;
  }

  /** Throws what has gone wrong since the last call. */
  check(): void {
    if (this.gone !== null) throw this.gone;
    const error = this.first;
    if (error === null) return;
    this.first = null;
    throw error;
  }

  /** Throws when the device is lost. */
  checkLost(): void {
    if (this.gone !== null) throw this.gone;
  }

  private note(error: GPUError): void {
    if (this.first !== null) return; // what follows is mostly of the same cause
    const text = error.message.trim();
    const memory = error.constructor.name === "GPUOutOfMemoryError" || /out of memory|not enough memory/i.test(text);
    this.first = new Error(memory ? `webgpu: ${this.outOfMemory()} (${text})` : `webgpu: ${text}`);
  }
}
