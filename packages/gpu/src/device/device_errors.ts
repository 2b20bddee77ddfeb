/** What went wrong on the GPU, which it says later than it was asked: kept until somebody reads. */

/** See the module's comment. */
export class DeviceErrors {
  /** Settles when the device is lost, with the error. */
  readonly lost: Promise<Error>;
  private first: Error | null = null;
  /** Whether `first` is a cause, or what may only follow from one that is still to be told. */
  private isCause = false;
  /** Error scopes whose answers are on their way. */
  private readonly openScopes: Set<Promise<void>> = new Set();
  /** Why the device is no more, or null while it is there. */
  private lostReason: string | null = null;
  /** What errors call the device. */
  name = "gpu";
  private readonly outOfMemory: () => string;

  /** @param outOfMemory makes room, and answers a report of what holds memory. */
  constructor(device: GPUDevice, outOfMemory: () => string) {
    this.outOfMemory = outOfMemory;
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.record((event as GPUUncapturedErrorEvent).error);
    });
    this.lost = device.lost.then(({ reason, message }) => {
      this.lostReason ??= `${reason || "unknown reason"}${message ? `: ${message.trim()}` : ""}`;
      return this.lostError();
    });
    // What is destroyed on purpose is gone at once; the runtime says so a turn later, and meanwhile errors that explain nothing.
    const { destroy } = device;
    device.destroy = () => {
      this.lostReason ??= "destroyed";
      return destroy.call(device);
    };
  }

  /**
   * To be called with what `popErrorScope` answers: an error in the scope is the cause of others that the GPU may have told of before.
   *
   * @param explain makes the error's text of the GPU's.
   */
  watch(answer: Promise<GPUError | null>, explain: (reason: string) => string): void {
    const settled = answer.catch(() => null) // the device was lost, which is told elsewhere
      .then((error) => {
        this.openScopes.delete(settled);
        if (error === null) return;
        const text = explain(error.message.trim());
        if (!this.isCause) this.first = new Error(`webgpu: ${text}`);
        this.isCause = true;
      });
    this.openScopes.add(settled);
  }

  /** Settles when all that is expected has been answered. */
  async settled(): Promise<void> {
    if (this.openScopes.size > 0) await Promise.race([Promise.all(this.openScopes), this.lost]);
  }

  /** Whether {@link check} would throw. */
  get pending(): boolean {
    return this.lostReason !== null || this.first !== null;
  }

  /** Throws what has gone wrong since the last call. */
  check(operation = "webgpu"): void {
    this.checkLost(operation);
    const error = this.first;
    if (error === null) return;
    this.first = null;
    this.isCause = false;
    throw error;
  }

  /** Throws when the device is lost. */
  checkLost(operation = "webgpu"): void {
    if (this.lostReason !== null) throw this.lostError(operation);
  }

  /** What the runtime threw, with the operation, the device and what can be done. */
  explain(operation: string, reason: unknown): Error {
    if (this.lostReason !== null) return this.lostError(operation);
    const text = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
    return new Error(
      `${operation}: the device "${this.name}" failed (${text.trim()}); if it goes on failing, make another with await webgpu(), ` +
        `and load what was saved. HEDDLE_DEBUG=1 shows the operations before`,
      { cause: reason },
    );
  }

  private lostError(operation = "webgpu"): Error {
    return new Error(
      `${operation}: the device "${this.name}" was lost (${this.lostReason}); its tensors are gone. Make another with await webgpu(), and ` +
        `load what was saved`,
    );
  }

  private record(error: GPUError): void {
    if (this.first !== null) return; // what follows is mostly of the same cause
    const text = error.message.trim();
    const memory = error.constructor.name === "GPUOutOfMemoryError" || /out of memory|not enough memory/i.test(text);
    this.first = new Error(
      memory
        ? `webgpu: ${this.outOfMemory()} (${text})`
        : `webgpu: ${text} (HEDDLE_DEBUG=1 shows the operations before)`,
    );
  }
}
