/** The memory of tensors: reference-counted inside the library, with garbage collection as the safety net. */
import type { DeviceBuffer } from "../backend.ts";
import type { Device } from "../device.ts";
import { activeCapture } from "../engine/capture/hooks.ts";
import { mebibytes, Reclaimer } from "./reclaim.ts";
import { printOnConsole } from "../runtime.ts";
import { currentScope } from "./scope.ts";

/** Memory that is freed exactly once: by the last holder, or after garbage collection. */
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
 * A promise that asynchronous functions of Heddle await at their end, so that loops which await them get the memory of unreachable
 * tensors back; null unless much memory was allocated since the last time. Awaiting a promise that is already fulfilled does not
 * end the turn of the event loop, and within a turn no memory is reclaimed.
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

/** A buffer of a device, and its reference count. */
export class Storage {
  /** The device that holds the memory. */
  readonly device: Device;
  /** The number of in-place writes, so that the tape detects overwritten saved values. */
  version: number;
  /** Whether the contents are used many times, as a parameter's are. */
  lasting: boolean;
  private readonly allocation: Allocation;
  private holders: number;
  /** How many of the holders are tensors that an open scope frees at its end. */
  private sheltered: number;
  /** Whether the memory is freed when the storage is garbage-collected. */
  private watched: boolean;

  /**
   * Allocates memory on a device.
   *
   * @throws the backend's out-of-memory error, with the operation that holds most memory and a remedy.
   */
  static allocate(device: Device, bytes: number, operation: string): Storage {
    let buffer: DeviceBuffer;
    try {
      buffer = device.backend.alloc(bytes, operation);
    } catch (error) {
      throw explained(error, operation);
    }
    return new Storage(device, buffer, operation);
  }

  /** Takes over a buffer of a device. `operation` is what {@link memory} counts it under. */
  constructor(device: Device, buffer: DeviceBuffer, operation: string) {
    this.device = device;
    this.version = 0;
    this.lasting = false;
    this.holders = 0;
    this.sheltered = 0;
    this.watched = false;
    this.allocation = { device, buffer, operation, live: true };
    account(operation, buffer.bytes);
    activeCapture()?.made(this);
  }

  /** Writes bytes that the host computed. */
  write(byteOffset: number, bytes: Uint8Array): void {
    this.device.backend.write(this.buffer, byteOffset, bytes);
    activeCapture()?.wrote(this, byteOffset, bytes);
  }

  /** The buffer. @throws Error if it was freed. */
  get buffer(): DeviceBuffer {
    if (!this.allocation.live) throw new Error(`storage: used after it was freed`);
    return this.allocation.buffer;
  }

  /** Whether the memory has not been released. */
  get live(): boolean {
    return this.allocation.live;
  }

  /** Whether there is only one holder. */
  get unique(): boolean {
    return this.holders === 1;
  }

  /** Counts one more handle. */
  retain(): void {
    this.holders++;
    if (this.sheltered === 0) this.watch();
  }

  /**
   * Counts one handle less, and releases the memory with the last.
   *
   * @param sheltered whether an open scope would have freed the handle.
   */
  release(sheltered = false): void {
    if (sheltered) this.sheltered--;
    if (--this.holders > 0) {
      if (this.sheltered === 0) this.watch();
      return;
    }
    if (!this.allocation.live) return;
    if (this.watched) registry.unregister(this.allocation);
    free(this.allocation);
  }

  /** Notes that an open scope frees a handle. */
  shelter(): void {
    this.sheltered++;
  }

  /** Notes that no open scope frees the handle any more. */
  expose(): void {
    if (--this.sheltered === 0) this.watch();
  }

  /**
   * Frees the memory when the storage is garbage-collected. Registering takes about a third of the time of a small operation, and open
   * scopes reach their tensors anyway, so that this waits until no open scope holds the storage.
   */
  private watch(): void {
    if (this.watched || !this.allocation.live) return;
    this.watched = true;
    registry.register(this, this.allocation, this.allocation);
  }

  /** A description, without the contents. */
  toString(): string {
    return `Storage(${this.live ? `${this.buffer.bytes} bytes` : "freed"} on ${this.device.name})`;
  }

  /** The text of {@link toString}, so that `JSON.stringify` does not print the whole memory. */
  toJSON(): string {
    return this.toString();
  }
}

printOnConsole(Storage.prototype);

/** The operation whose results hold most memory, as text. */
function worst(): string {
  const { operation, count, bytes } = memory().byOperation[0]!;
  return `"${operation}" holds ${mebibytes(bytes)} MiB in ${count} tensors`;
}

/** Adds to an out-of-memory error what holds the memory, and how to free it. */
function explained(error: unknown, operation: string): unknown {
  if (!(error instanceof Error) || !error.message.startsWith("out of memory") || liveCount === 0) return error;
  const advice = currentScope() === null
    ? "no scope is open: put `using _ = scope();` at the top of your loop's body, since without scopes memory is " +
      "reclaimed only when an asynchronous function of Heddle is awaited"
    : "the tensors in open scopes are freed at their end: open a scope for each step, or dispose() of tensors that are no longer needed";
  error.message = `${operation}: ${error.message} (${worst()}; ${advice})`;
  return error;
}

/** The result of {@link memory}. */
export interface MemoryReport {
  /** Bytes of device memory held by live tensors. */
  readonly liveBytes: number;
  /** The maximum of `liveBytes` so far. */
  readonly peakBytes: number;
  /** The number of live storages (views share one). */
  readonly storages: number;
  /** Live storages by the operation that created them, the largest first. */
  readonly byOperation: readonly { readonly operation: string; readonly count: number; readonly bytes: number }[];
}

/**
 * The memory that tensors hold now, and the operations that created them.
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

/** Resets `memory().peakBytes` to the bytes that are live now. */
export function resetPeakMemory(): void {
  peakBytes = liveBytes;
}
