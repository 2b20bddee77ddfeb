/** What notebooks get: the bundles that Deno's kernel asks for by `Symbol.for("Jupyter.display")`. */
import { decodeImage } from "@heddle/data";
import { Linear, Module, ReLU, Sequential } from "@heddle/nn";
import { arange, memory, scope, Tensor, tensor, zeros } from "@heddle/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { History } from "../loop/history.ts";
import type { MimeBundle } from "./display.ts";

const symbol = Symbol.for("Jupyter.display");

/** As Deno's kernel calls it. */
const shown = async (object: object): Promise<MimeBundle> =>
  await (object as Record<symbol, () => MimeBundle | Promise<MimeBundle>>)[symbol]!();

let curves: typeof import("../notebook.ts")["curves"];
beforeAll(async () => {
  ({ curves } = await import("../notebook.ts"));
});
// Test files share the classes.
afterAll(() => {
  for (const { prototype } of [Tensor, Module, History]) {
    delete (prototype as unknown as Record<symbol, unknown>)[symbol];
  }
});

test("a matrix is a table, with a gap where it is large", async () => {
  using _ = scope();
  const small = await shown(tensor([[1, 2.5], [-3, NaN]]));
  expect(small["text/plain"]).toBe(String(tensor([[1, 2.5], [-3, NaN]])));
  expect(small["text/html"]).toBe(
    "<table><thead><tr><th></th><th>0</th><th>1</th></tr></thead><tbody>" +
      "<tr><th>0</th><td>1</td><td>2.5</td></tr><tr><th>1</th><td>-3</td><td>NaN</td></tr></tbody></table>" +
      "<small>float32 [2, 2] on cpu</small>",
  );
  const large = (await shown(arange(40000).reshape(200, 200)))["text/html"]!;
  expect(large.match(/<tr>/g)!.length).toBe(12);
  expect(large).toContain("<th>4</th><th>…</th><th>195</th>");
  expect(large).toContain("<td>39999</td></tr></tbody>");
  const labels = (await shown(tensor([true, false])))["text/html"]!;
  expect(labels).toContain("<td>1</td><td>0</td>");
  expect((await shown(zeros([2, 2, 2])))["text/html"]).toMatch(/^<pre>tensor/);
  expect((await shown(tensor(3)))["text/html"]).toMatch(/^<pre>tensor/);
});

test("a picture is a PNG, a batch several, and kernels of a convolution are neither", async () => {
  using _ = scope();
  const pixels = arange(3 * 8 * 8).reshape(3, 8, 8).div(255);
  const bundle = await shown(pixels);
  const png = Uint8Array.from(atob(bundle["image/png"]!), (letter) => letter.charCodeAt(0));
  expect(decodeImage(png).toArray()).toEqual(arange(3 * 8 * 8).reshape(3, 8, 8).toArray());
  expect(bundle["text/html"]).toContain('src="data:image/png;base64,');
  expect(bundle["text/html"]).toContain("float32 [3, 8, 8] on cpu");
  const batch = await shown(zeros([20, 1, 9, 9], { dtype: "uint8" }));
  expect(batch["text/html"]!.match(/<img/g)!.length).toBe(16);
  expect(batch["text/html"]).toContain("the first 16");
  for (const other of [zeros([4, 3, 3, 3]), pixels.sub(1), zeros([3, 8, 8], { dtype: "int32" }), zeros([2, 8, 8])]) {
    expect(await shown(other)).not.toHaveProperty("image/png");
  }
});

test("a display leaves nothing behind, and shows what was freed", async () => {
  const x = zeros([1, 8, 8], { requiresGrad: true });
  const before = memory().liveBytes;
  await shown(x);
  expect(memory().liveBytes).toBe(before);
  expect((await shown(x))["text/html"]).toContain("requires grad");
  x.dispose();
  expect((await shown(x))["text/plain"]).toBe("a freed float32 tensor of shape [1, 8, 8]");
});

test("a model is its summary", async () => {
  using _ = scope();
  const model = new Sequential(new Linear(2, 3), new ReLU());
  const bundle = await shown(model);
  expect(bundle["text/plain"]).toBe(model.summary());
  expect(bundle["text/html"]).toMatch(/^<pre>/);
});

test("a history is a chart for each figure, training and validation together", async () => {
  const rows = [
    { epoch: 1, step: 10, seconds: 3, loss: 1, validationLoss: 1.5, accuracy: 0.5, recall: [1, 2] },
    { epoch: 2, step: 20, seconds: 3, loss: 0.5, validationLoss: NaN, accuracy: 0.75, recall: [1, 2] },
    { epoch: 3, step: 30, seconds: 3, loss: 0.25, validationLoss: 0.5, accuracy: 0.875, recall: [1, 2] },
  ];
  const bundle = await shown(curves(rows));
  expect(bundle["text/plain"]).toBe("loss: 1 0.5 0.25\nvalidationLoss: 1.5 0.5\naccuracy: 0.5 0.75 0.875");
  const html = bundle["text/html"]!;
  expect(html.match(/<svg/g)!.length).toBe(2);
  expect(html.match(/<polyline/g)!.length).toBe(3);
  expect(html).not.toContain("NaN");
  expect(html).toContain('points="46,88 188,154 330,187"');
  const history = new History(rows.map((row) => ({ ...row, lr: 0.1 })));
  const whole = await shown(history);
  expect(whole["text/plain"]).toBe(String(history));
  expect(whole["text/html"]).toContain('points="46,88 188,154 330,187"');
  const one = await shown(curves([{ epoch: 1, "<b>": 2 }]));
  expect(one["image/svg+xml"]).toContain("&lt;b&gt;");
  expect(one["image/svg+xml"]).toContain("<circle");
  expect((await shown(curves([])))["text/plain"]).toBe("no epochs");
});
