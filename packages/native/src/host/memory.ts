/** Which memories native code may work on. */

const pageBytes = 65536;
/** The pages of 4 GiB. */
const pages4GiB = 65536;
/** The addresses that are reserved for a memory on which native code may work. */
export const reservedBytes: bigint = BigInt(pageBytes * pages4GiB);

/**
 * Why native code must not work on a memory, or null if it may. Native code checks no addresses: they are a base and a 32-bit index, so
 * all 4 GiB that such an index reaches must be reserved for this memory, and it must never move. Runtimes guarantee that for shared
 * memories whose maximum is 4 GiB.
 */
export function memoryRefusal(buffer: ArrayBufferLike, maximumPages: number): string | null {
  if (typeof SharedArrayBuffer === "undefined" || !(buffer instanceof SharedArrayBuffer)) {
    return "the memory is not shared, and moves when it grows";
  }
  if (maximumPages !== pages4GiB) {
    return `the memory's maximum is ${maximumPages} pages of ${pageBytes} bytes; native code needs ${pages4GiB}`;
  }
  return null;
}
