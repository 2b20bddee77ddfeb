/** The vendors of GPUs, by the names that the runtimes give them. */

/** A vendor whose GPUs have defaults of their own. */
export type Vendor = "nvidia" | "amd" | "apple" | "intel" | "arm" | "qualcomm" | "unknown";

/**
 * The vendor of an adapter. Dawn and browsers name it in `vendor`; Deno gives the number in the PCI or Vulkan registry
 * there, and on Apple's GPUs only a description.
 */
export function vendorOf({ vendor, description }: { readonly vendor: string; readonly description: string }): Vendor {
  const text = `${vendor} ${description}`;
  return patterns.find(([, pattern, id]) => Number(vendor) === id || pattern.test(text))?.[0] ?? "unknown";
}

const patterns: readonly (readonly [Vendor, RegExp, number])[] = [
  ["nvidia", /nvidia|geforce|quadro|tesla/i, 0x10de],
  ["amd", /\bamd\b|radeon|advanced micro devices/i, 0x1002],
  ["apple", /apple/i, 0x106b],
  ["intel", /intel/i, 0x8086],
  ["arm", /\barm\b|mali/i, 0x13b5],
  ["qualcomm", /qualcomm|adreno/i, 0x5143],
];
