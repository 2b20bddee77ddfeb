/** The multiple of `divisor` closest to `channels`, but not below 90% of it: how the MobileNets round numbers of channels. */
export function makeDivisible(channels: number, divisor = 8): number {
  const rounded = Math.max(divisor, Math.floor((channels + divisor / 2) / divisor) * divisor);
  return rounded < 0.9 * channels ? rounded + divisor : rounded;
}
