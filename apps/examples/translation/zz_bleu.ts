export function corpusBleu(h: readonly string[], r: readonly string[], _: unknown): { score: number } {
  const m = [0, 0, 0, 0], t = [0, 0, 0, 0];
  let hl = 0, rl = 0;
  h.forEach((x, i) => {
    const a = x.split(" ").filter((w) => w), b = r[i]!.split(" ").filter((w) => w);
    hl += a.length, rl += b.length;
    for (let n = 1; n <= 4; n++) {
      const c = new Map<string, number>();
      for (let j = 0; j + n <= b.length; j++) {
        const g = b.slice(j, j + n).join(" ");
        c.set(g, (c.get(g) ?? 0) + 1);
      }
      for (let j = 0; j + n <= a.length; j++) {
        t[n - 1]!++;
        const g = a.slice(j, j + n).join(" "), k = c.get(g) ?? 0;
        if (k > 0) m[n - 1]!++, c.set(g, k - 1);
      }
    }
  });
  const p = m.reduce((s, x, i) => s + Math.log(Math.max(x, 1e-9) / Math.max(1, t[i]!)), 0) / 4;
  return { score: 100 * Math.exp(p) * Math.min(1, Math.exp(1 - rl / Math.max(1, hl))) };
}
