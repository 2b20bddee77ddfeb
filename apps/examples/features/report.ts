/** The pictures of filters, activations and units. */
import { noGrad } from "@heddle/autograd";
import { stack, Tensor, tidy } from "@heddle/tensor";
import { batchPixels } from "../digits/digits.ts";
import type { ConvNet } from "../lenet/networks/convnet.ts";
import type { OutFolder } from "../runner/out_folder.ts";
import { imageGrid } from "../runner/pictures/image_grid.ts";
import { greyPixels, mosaic, type Pixels } from "../runner/pictures/png.ts";
import { activations } from "./activations.ts";

/** The filters of the first convolution: mid-grey is zero, white the largest absolute weight, black its negative. */
export async function drawFilters(out: OutFolder, network: ConvNet): Promise<void> {
  const weights = await network.conv1.weight.detach().data("float32");
  const most = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  const filters = slices(weights, 25).map((filter) =>
    greyPixels(filter.map((weight) => 0.5 + weight / most / 2), { width: 5, height: 5 })
  );
  const picture = imageGrid({
    title: "Filters of the first convolution",
    subtitle: "grey is zero, white the largest weight, black its negative",
    images: [{ pixels: mosaic(filters, 16, 1) }],
    columns: 1,
    scale: 9,
  });
  out.picture("filters.svg", picture);
}

/** The feature maps of both convolutions for one image [1, 28, 28]; black is the maximum of the map. */
export async function drawActivations(out: OutFolder, network: ConvNet, image: Tensor): Promise<void> {
  const [first, second] = noGrad(() => tidy(() => activations(network, image.unsqueeze(0))));
  const draw = async (name: string, maps: Tensor, side: number, times: number): Promise<void> => {
    const pixels = slices(await maps.data("float32"), side * side).map((map) => {
      const most = Math.max(...map);
      // A faint grey shows the extent of a map.
      const shares = map.map((value) => 0.05 + 0.95 * (most > 0 ? value / most : 0));
      return enlarged(greyPixels(shares, { width: side, height: side }, { invert: true }), times);
    });
    const title = `Feature maps of the ${name} convolution`;
    const grid = { images: [{ pixels: mosaic(pixels, 16, 4) }], columns: 1 };
    out.picture(
      `${name}_maps.svg`,
      imageGrid({ title, subtitle: "black is the maximum of each map", ...grid }),
    );
  };
  await draw("first", first, 24, 1);
  await draw("second", second, 4, 6);
}

/** Images [n, 1, 28, 28], or a list of [1, 28, 28], in a grid; those not to be shown are left white. */
export async function drawMaximised(
  out: OutFolder,
  { file, title, subtitle, images, captions, shown, columns }: {
    file: string;
    title: string;
    subtitle: string;
    images: Tensor | readonly Tensor[];
    captions?: readonly string[];
    shown?: readonly boolean[];
    columns: number;
  },
): Promise<void> {
  const all = await batchPixels(images instanceof Tensor ? images : stack([...images]));
  const white = greyPixels(new Uint8Array(784), { width: 28, height: 28 }, { invert: true });
  const pixels = all.map((picture, i) => shown?.[i] === false ? white : picture);
  const grid = captions === undefined
    ? { images: [{ pixels: mosaic(pixels, columns, 4) }], columns: 1 }
    : { images: pixels.map((picture, i) => ({ pixels: picture, caption: captions[i]! })), columns, scale: 3 };
  out.picture(file, imageGrid({ title, subtitle, ...grid }));
}

/** Pieces of `size` values. */
function slices(values: Float32Array, size: number): Float32Array[] {
  return Array.from({ length: values.length / size }, (_, i) => values.subarray(i * size, (i + 1) * size));
}

/** Every pixel as a square of `times` × `times`. */
function enlarged({ width, height, channels, data }: Pixels, times: number): Pixels {
  const large = new Uint8Array(data.length * times * times);
  for (let y = 0; y < height * times; y++) {
    for (let x = 0; x < width * times; x++) {
      const from = (Math.floor(y / times) * width + Math.floor(x / times)) * channels;
      large.set(data.subarray(from, from + channels), (y * width * times + x) * channels);
    }
  }
  return { width: width * times, height: height * times, channels, data: large };
}
