/** Collects the errors that the GPU reports asynchronously, until a read throws them. */

/** The errors of one device. */
export class DeviceErrors {
  /** Resolves with an error when the device is lost. */
  readonly lost: Promise<Error>;
  private first: Error | null = null;
  /** Whether `first` is a root cause. If not, an error scope may still report the cause. */
  private isCause = false;
  /** Error scopes without a result yet. */
  private readonly openScopes: Set<Promise<void>> = new Set();
  /** Why the device was lost, or null while it works. */
  private lostReason: string | null = null;
  /** The device's name in errors. */
  name = "gpu";
  private readonly outOfMemory: () => string;

  /** @param outOfMemory frees memory and returns a report of what holds memory. */
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
    // A device that is destroyed on purpose is lost at once, but the runtime reports it one turn of the event loop
    // later. Errors in between explain nothing.
    const { destroy } = device;
    device.destroy = () => {
      this.lostReason ??= "destroyed";
      return destroy.call(device);
    };
  }

  /**
   * Watches the result of `popErrorScope`. An error in a scope is the cause of uncaptured errors that the GPU may have
   * reported before it.
   *
   * @param explain builds the message of the error from the GPU's.
   */
  watch(answer: Promise<GPUError | null>, explain: (reason: string) => string): void {
    const settled = answer.catch(() => null) // the device was lost, which `lost` reports
      .then((error) => {
        this.openScopes.delete(settled);
        if (error === null) return;
        const text = explain(error.message.trim());
        if (!this.isCause) this.first = new Error(`webgpu: ${text}`);
        this.isCause = true;
      });
    this.openScopes.add(settled);
  }

  /** Resolves when all watched scopes have a result. */
  async settled(): Promise<void> {
    if (this.openScopes.size > 0) await Promise.race([Promise.all(this.openScopes), this.lost]);
  }

  /** Whether {@link check} would throw. */
  get pending(): boolean {
    return this.lostReason !== null || this.first !== null;
  }

  /** Throws the first error since the last call. */
  check(operation = "webgpu"): void {
    this.checkLost(operation);
    const error = this.first;
    if (error === null) return;
    this.first = null;
    this.isCause = false;
    throw error;
  }

  /** Throws if the device is lost. */
  checkLost(operation = "webgpu"): void {
    if (this.lostReason !== null) throw this.lostError(operation);
  }

  /** An error for something the runtime threw, with the operation, the device and the remedy. */
  explain(operation: string, reason: unknown): Error {
    if (this.lostReason !== null) return this.lostError(operation);
    const text = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
    return new Error(
      `${operation}: the device "${this.name}" failed (${text.trim()}); if it fails again, create a new one with ` +
        `await webgpu() and load a checkpoint. HEDDLE_DEBUG=1 prints the preceding operations`,
      { cause: reason },
    );
  }

  private lostError(operation = "webgpu"): Error {
    return new Error(
      `${operation}: the device "${this.name}" was lost (${this.lostReason}); its tensors are gone. Create a new one with ` +
        `await webgpu() and load a checkpoint`,
    );
  }

  private record(error: GPUError): void {
    if (this.first !== null) return; // later errors usually have the same cause
    const text = error.message.trim();
    const memory = error.constructor.name === "GPUOutOfMemoryError" || /out of memory|not enough memory/i.test(text);
    this.first = new Error(
      memory
        ? `webgpu: ${this.outOfMemory()} (${text})`
        : `webgpu: ${text} (HEDDLE_DEBUG=1 prints the preceding operations)`,
    );
  }
}
