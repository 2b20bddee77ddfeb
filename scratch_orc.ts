import { readFileSync } from "node:fs";
import { decodeImage } from "./packages/data/src/images/image_file.ts";
for (const f of ["png", "jpeg"]) {
  let bad = 0, n = 0;
  for (const c of JSON.parse(readFileSync(`/tmp/orc/${f}.json`, "utf8"))) {
    n++;
    try {
      const t = decodeImage(Buffer.from(c.bytes, "base64"));
      const e = Buffer.from(c.data, "base64"), a = t.toTypedArray() as Uint8Array;
      let most = 0, cnt = 0;
      for (let i = 0; i < e.length; i++) { const d = Math.abs(e[i]! - a[i]!); if (d) cnt++; most = Math.max(most, d); }
      if (String(t.shape) !== String(c.shape) || most > 0) { bad++; if (bad < 30) console.log(c.name, t.shape, most, cnt, e.length); }
    } catch (e) { bad++; if (bad < 30) console.log(c.name, (e as Error).message); }
  }
  console.log(f, n, "bad", bad);
}
