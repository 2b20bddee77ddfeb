/** Which memories native code may work on. */

const pageBytes = 65536;
/** With one page less, the last one is never handed out, but the system reserves it as part of the 4 GiB, or of what follows. */
const mostPages: readonly number[] = [65535, 65536];

/**
 * Why native code must not work on a memory, or null if it may. Native code checks no addresses: they are a base and a 32-bit index, so
 * all 4 GiB that such an index reaches must be reserved for this memory, and it must never move. Runtimes guarantee that for shared
 * memories whose maximum is about 4 GiB.
 */
export function memoryRefusal(buffer: ArrayBufferLike, maximumPages: number): string | null {
  if (typeof SharedArrayBuffer === "undefined" || !(buffer instanceof SharedArrayBuffer)) {
    return "the memory is not shared, and moves when it grows";
  }
  if (!mostPages.includes(maximumPages)) {
    return `the memory's maximum is ${maximumPages} pages of ${pageBytes} bytes; native code needs ${
      mostPages.join(" or ")
    }`;
  }
  return null;
}
