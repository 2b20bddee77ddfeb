/** Tensors in notebooks: a table of their values, or the picture that they are. */
import { encodeImage } from "@heddle/data";
import { noGrad } from "@heddle/autograd";
import { fromTypedArray, isFloat, scope, type Tensor } from "@heddle/tensor";
import { escaped, type MimeBundle } from "./display.ts";

/** Rows and columns of a table before and after its gap. */
const EDGE = 5;
/** The smallest and largest sides of what is taken for a picture; smaller ones are kernels of convolutions. */
const [LEAST, MOST] = [8, 1024];
/** Pictures of a batch that are shown. */
const PICTURES = 16;
/** A picture is shown at least so wide. */
const WIDTH = 112;

type Cell = number | bigint | boolean;

/** A tensor's values as they are printed, in a table, and as PNG if they are a picture `[C, H, W]` or a batch of them. */
export async function tensorBundle(x: Tensor): Promise<MimeBundle> {
  if (x.isDisposed) return { "text/plain": `a freed ${x.dtype} tensor of shape ${shown(x.shape)}` };
  const whole = x.device.backend.readsSynchronously ? x : await onHost(x);
  try {
    using _ = scope();
    return noGrad(() => bundleOf(whole, x));
  } finally {
    if (whole !== x) whole.dispose();
  }
}

/** A copy on the CPU. */
async function onHost(x: Tensor): Promise<Tensor> {
  const values = await x.data();
  const copy = fromTypedArray(values, x.shape, { device: "cpu" });
  if (copy.dtype === x.dtype) return copy;
  const cast = copy.to(x.dtype);
  copy.dispose();
  return cast;
}

function bundleOf(x: Tensor, { dtype, shape, device, requiresGrad }: Tensor): MimeBundle {
  const caption = `${dtype} ${shown(shape)} on ${device.name}${requiresGrad ? ", requires grad" : ""}`;
  const small = `<small>${escaped(caption)}</small>`;
  const text = String(x);
  const pictures = picturesOf(x);
  if (pictures.length > 0) {
    const wide = Math.max(WIDTH, shape.at(-1)!);
    const tags = pictures.map((png) =>
      `<img width="${wide}" style="image-rendering: pixelated" src="data:image/png;base64,${png}">`
    );
    const more = shape.length === 4 && shape[0]! > PICTURES ? ` the first ${PICTURES}` : "";
    const html = `${tags.join(" ")}<br>${small}${more}`;
    return { "text/plain": text, "text/html": html, ...pictures.length === 1 && { "image/png": pictures[0]! } };
  }
  const html = x.ndim === 1 || x.ndim === 2 ? tableOf(x) : `<pre>${escaped(text)}</pre>`;
  return { "text/plain": text, "text/html": `${html}${small}` };
}

const shown = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

/** Whether shape and dtype are those of a picture `[C, H, W]`, or of several `[N, C, H, W]`. */
function mayBePictures({ ndim, shape, dtype, numel }: Tensor): boolean {
  if ((ndim !== 3 && ndim !== 4) || numel === 0 || (dtype !== "uint8" && !isFloat(dtype))) return false;
  const [channels, height, width] = shape.slice(-3) as [number, number, number];
  return [1, 3, 4].includes(channels) && Math.min(height, width) >= LEAST && Math.max(height, width) <= MOST;
}

/** The pictures as PNG in base64; none if floats are not from 0 to 1. */
function picturesOf(x: Tensor): string[] {
  if (!mayBePictures(x)) return [];
  const some = (x.ndim === 3 ? x.unsqueeze(0) : x.narrow(0, 0, Math.min(PICTURES, x.shape[0]!))).detach();
  const values = some.dtype === "uint8" ? some : some.to("float32");
  if (values.dtype !== "uint8" && !(values.amin().item() >= 0 && values.amax().item() <= 1)) return [];
  return values.unbind(0).map((picture) => base64(encodeImage(picture)));
}

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** A vector or a matrix as a table, with a gap where it is large. */
function tableOf(x: Tensor): string {
  const matrix = x.detach().reshape(x.ndim === 1 ? [1, -1] : x.shape);
  const [rows, columns] = matrix.shape.map(shownOf) as [(number | null)[], (number | null)[]];
  const kept = (indices: readonly (number | null)[]): number[] => indices.filter((index) => index !== null);
  const read = (part: Tensor, dim: number, indices: readonly (number | null)[]): Tensor[] =>
    kept(indices).map((index) => part.select(dim, index));
  const lines = read(matrix, 0, rows).map((row) => read(row, 0, columns).map((cell) => cell.item() as Cell));
  const head = columns.map((column) => `<th>${column ?? "…"}</th>`).join("");
  let next = 0;
  const body = rows.map((row) => {
    if (row === null) return `<tr><th>⋮</th>${columns.map(() => "<td></td>").join("")}</tr>`;
    const cells = lines[next++]!;
    let at = 0;
    const line = columns.map((column) => `<td>${column === null ? "…" : cellText(cells[at++]!)}</td>`).join("");
    return `<tr><th>${x.ndim === 1 ? "" : row}</th>${line}</tr>`;
  });
  return `<table><thead><tr><th></th>${head}</tr></thead><tbody>${body.join("")}</tbody></table>`;
}

/** The indices of a dimension that are shown, with a null for the gap. */
function shownOf(size: number): (number | null)[] {
  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
  return size <= 2 * EDGE + 1 ? range(0, size) : [...range(0, EDGE), null, ...range(size - EDGE, size)];
}

function cellText(value: Cell): string {
  return typeof value === "number" && !Number.isInteger(value)
    ? value.toPrecision(5).replace(/\.?0+(e|$)/, "$1")
    : String(value);
}
