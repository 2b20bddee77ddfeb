// Two passes of FNV-1a over UTF-16 units with different bases and primes: 64 bits without BigInt, and without
// node:crypto, which browsers lack. It detects mix-ups, not forgeries.

const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
const OTHER_BASIS = 0x9e3779b9;
const OTHER_PRIME = 0x85ebca6b;

/** 16 hexadecimal digits that identify a text. */
export function fingerprintOf(text: string): string {
  let a = BASIS;
  let b = OTHER_BASIS;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, PRIME);
    b = Math.imul(b ^ unit, OTHER_PRIME);
    b ^= b >>> 15;
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
