/** Memory behind tensors: reference-counted by those who hold it inside the library, with collection as the safety net. */
import type { DeviceBuffer } from "../backend.ts";
import type { Device } from "../device.ts";
import { mebibytes, Reclaimer } from "./reclaim.ts";
import { printOnConsole } from "../runtime.ts";
import { currentScope } from "./scope.ts";

/** What is freed exactly once, by the last holder or by the garbage collector. */
interface Allocation {
  /** The device that holds the memory. */
  readonly device: Device;
  readonly buffer: DeviceBuffer;
  readonly operation: string;
  live: boolean;
}

interface Tally {
  count: number;
  bytes: number;
}

const tallies: Map<string, Tally> = new Map();
let liveBytes = 0;
let peakBytes = 0;
let liveCount = 0;

const reclaimer: Reclaimer = new Reclaimer({
  bytes: () => liveBytes,
  storages: () => liveCount,
  worst,
});
const { limits } = reclaimer;

/**
 * What asynchronous functions wait for at their end, so that loops that await them get memory back that nobody refers to: null unless
 * much was taken since the last time. Promises that are fulfilled already give the event loop no turn, and without one no memory
 * comes back. For the packages of Heddle.
 */
export function reclaiming(): Promise<void> | null {
  return reclaimer.pending;
}

const registry: FinalizationRegistry<Allocation> = new FinalizationRegistry(free);

function free(allocation: Allocation): void {
  if (!allocation.live) return;
  allocation.live = false;
  const { bytes } = allocation.buffer;
  liveBytes -= bytes;
  liveCount--;
  const tally = tallies.get(allocation.operation)!;
  tally.count--;
  tally.bytes -= bytes;
  allocation.device.backend.free(allocation.buffer);
}

function account(operation: string, bytes: number): void {
  liveBytes += bytes;
  liveCount++;
  if (liveBytes > peakBytes) peakBytes = liveBytes;
  const tally = tallies.get(operation);
  if (tally) {
    tally.count++;
    tally.bytes += bytes;
  } else tallies.set(operation, { count: 1, bytes });
  if (liveBytes > limits.bytes || liveCount > limits.storages) reclaimer.grown();
}

/** A piece of device memory and the count of those who hold it. */
export class Storage {
  /** The device that holds the memory. */
  readonly device: Device;
  /** Counts in-place writes, so that the tape notices when a value it saved was overwritten. */
  version: number;
  private readonly allocation: Allocation;
  private holders: number;

  /**
   * Allocates memory on a device.
   *
   * @throws the error of the backend when memory is short, with the operations that hold most of it and the remedy.
   */
  static allocate(device: Device, bytes: number, operation: string): Storage {
    let buffer: DeviceBuffer;
    try {
      buffer = device.backend.alloc(bytes);
    } catch (error) {
      throw explained(error, operation);
    }
    return new Storage(device, buffer, operation);
  }

  /** Takes over a buffer of a device. `operation` is what {@link memory} counts it under. */
  constructor(device: Device, buffer: DeviceBuffer, operation: string) {
    this.device = device;
    this.version = 0;
    this.holders = 0;
    this.allocation = { device, buffer, operation, live: true };
    account(operation, buffer.bytes);
    registry.register(this, this.allocation, this.allocation);
  }

  /** The memory. @throws Error when it has been freed. */
  get buffer(): DeviceBuffer {
    if (!this.allocation.live) throw new Error(`storage: used after it was freed`);
    return this.allocation.buffer;
  }

  /** Whether the memory has not been released. */
  get live(): boolean {
    return this.allocation.live;
  }

  /** Whether one holder only is left. */
  get unique(): boolean {
    return this.holders === 1;
  }

  /** Counts one more handle. */
  retain(): void {
    this.holders++;
  }

  /** Counts one handle less, and releases the memory with the last. */
  release(): void {
    if (--this.holders > 0 || !this.allocation.live) return;
    registry.unregister(this.allocation);
    free(this.allocation);
  }

  /** What is printed and written of it, not the memory itself. */
  toString(): string {
    return `Storage(${this.live ? `${this.buffer.bytes} bytes` : "freed"} on ${this.device.name})`;
  }

  /** The text of {@link toString}, so that `JSON.stringify` does not print the whole memory. */
  toJSON(): string {
    return this.toString();
  }
}

printOnConsole(Storage.prototype);

/** The operation that holds most. */
function worst(): string {
  const { operation, count, bytes } = memory().byOperation[0]!;
  return `"${operation}" holds ${mebibytes(bytes)} MiB in ${count} tensors`;
}

/** An error of memory that ran out says what holds it, and what gives it back. */
function explained(error: unknown, operation: string): unknown {
  if (!(error instanceof Error) || !error.message.startsWith("out of memory") || liveCount === 0) return error;
  const advice = currentScope() === null
    ? "no scope is open: put `using _ = scope();` at the top of your loop's body, since without scopes memory comes back at an await of " +
      "Heddle's only"
    : "what the open scopes hold is freed at their end: open one for each step, or dispose() of what is no longer needed";
  error.message = `${operation}: ${error.message} (${worst()}; ${advice})`;
  return error;
}

/** What {@link memory} reports. */
export interface MemoryReport {
  /** Bytes of device memory held by live tensors. */
  readonly liveBytes: number;
  /** The most that `liveBytes` has been. */
  readonly peakBytes: number;
  /** Number of live storages (views share one). */
  readonly storages: number;
  /** Live storages by the operation that made them, the largest first. */
  readonly byOperation: readonly { readonly operation: string; readonly count: number; readonly bytes: number }[];
}

/**
 * How much memory tensors hold now, and which operations made them.
 *
 * @example
 * ```ts
 * import { memory, tidy, zeros } from "@heddle/tensor";
 * const before = memory().liveBytes;
 * tidy(() => zeros([1000]).add(1).sum().item());
 * memory().liveBytes === before; // true: the scope freed all of it
 * ```
 */
export function memory(): MemoryReport {
  const byOperation = [...tallies].filter(([, tally]) => tally.count > 0)
    .map(([operation, { count, bytes }]) => ({ operation, count, bytes }))
    .sort((a, b) => b.bytes - a.bytes);
  return { liveBytes, peakBytes, storages: liveCount, byOperation };
}

/** Forgets the peak, so that the next `memory().peakBytes` speaks of what comes now. */
export function resetPeakMemory(): void {
  peakBytes = liveBytes;
}
