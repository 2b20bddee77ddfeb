import { readFileSync } from "node:fs";
import { decodeImage } from "./packages/data/src/images/image_file.ts";
const f = process.argv[2]!;
const t0 = performance.now();
try { const t = decodeImage(readFileSync(f)); console.log(t.shape); } catch (e) { console.log((e as Error).message); }
console.log(f, Math.round(performance.now() - t0), "ms", Math.round((process.resourceUsage?.().maxRSS ?? 0) / 1024), "MiB peak");
