import { type Generator, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkIndex, type Dataset } from "../datasets/dataset.ts";
import { node } from "../node.ts";
import { Compose } from "../transforms/compose.ts";
import { stepsFor } from "../transforms/steps.ts";
import type { Transform } from "../transforms/transform.ts";
import { type ImageReadOptions, READ_OPTIONS, readImage } from "./image_file.ts";
import type { ImageOptions } from "./labelled_images.ts";
import { checkImageMode } from "./pixels.ts";

/** Options of {@link ImageFolder.load}. */
export interface ImageFolderOptions extends ImageOptions, ImageReadOptions {}

/** A file and its class. */
export interface ImageFile {
  readonly path: string;
  readonly label: number;
}

const EXTENSIONS = [".png", ".jpg", ".jpeg"];

/**
 * Pictures in files, one folder for each class (torchvision's `ImageFolder`). Classes are the names of the folders in
 * sorted order; files in nested folders count too. A picture is read when its sample is, so samples are promises, and a
 * loader is read with `for await`. A sample is [picture, label]: by default float32 [3, height, width] from 0 to 1.
 *
 * Pictures of different sizes cannot be batched: add `Resize` or a crop to the transform.
 *
 * @example
 * ```ts ignore
 * import { CenterCrop, Compose, DataLoader, ImageFolder, Resize, ToTensor } from "@heddle/data";
 *
 * const transform = new Compose([new ToTensor(), new Resize(64), new CenterCrop(64)]);
 * const pets = await ImageFolder.load("data/pets", { transform }); // data/pets/cat/1.jpg, data/pets/dog/7.png, …
 * for await (const [images, labels] of new DataLoader(pets, { batchSize: 32, shuffle: true })) {
 *   console.log(images.shape, labels.shape); // [ 32, 3, 64, 64 ] [ 32 ]
 * }
 * ```
 */
export class ImageFolder implements Dataset<Promise<[image: Tensor, label: number]>> {
  /** Names of the classes; a label is an index into them. */
  readonly classes: readonly string[];
  /** The files, class by class, each class sorted by path. */
  readonly files: readonly ImageFile[];
  private readonly transform: Transform;
  private readonly generator: Generator | undefined;
  private readonly reading: ImageReadOptions;

  private constructor(classes: readonly string[], files: readonly ImageFile[], options: ImageFolderOptions) {
    const { transform, generator, mode = "rgb", ...reading } = options;
    this.classes = classes;
    this.files = files;
    this.generator = generator;
    this.reading = { ...reading, mode: checkImageMode("ImageFolder", mode) };
    this.transform = new Compose(stepsFor(transform, "CHW").steps);
  }

  /**
   * Finds the files without reading them.
   *
   * @throws when the folder is missing, has no folders in it, or one of them has no PNG or JPEG file
   */
  static async load(root: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
    checkOptions("ImageFolder.load", options, ["transform", "generator", ...READ_OPTIONS]);
    const classes = (await list(root)).filter(({ folder }) => folder).map(({ name }) => name);
    if (classes.length === 0) {
      throw new Error(`ImageFolder: there are no folders in ${root}; it takes one for each class.`);
    }
    const files: ImageFile[] = [];
    for (const [label, name] of classes.entries()) {
      const paths = await find(node.path.join(root, name));
      if (paths.length === 0) {
        throw new Error(`ImageFolder: no file of ${node.path.join(root, name)} ends in ${EXTENSIONS.join(", ")}.`);
      }
      for (const path of paths) files.push({ path, label });
    }
    return new ImageFolder(classes, files, options);
  }

  /** Number of files. */
  get length(): number {
    return this.files.length;
  }

  /** Reads the picture at `index` and transforms it. @throws when the file is gone or damaged; the error names it */
  async get(index: number, generator?: Generator): Promise<[image: Tensor, label: number]> {
    checkIndex("ImageFolder.get", index, this.length);
    const { path, label } = this.files[index]!;
    const image = await readImage(path, this.reading);
    const result = this.transform.apply(image, generator ?? this.generator);
    if (result !== image) image.dispose();
    return [result, label];
  }

  /** The label at `index`, without its picture. */
  label(index: number): number {
    checkIndex("ImageFolder.label", index, this.length);
    return this.files[index]!.label;
  }
}

interface Entry {
  readonly name: string;
  readonly folder: boolean;
}

/** The entries of a folder, following links, sorted by character codes, which is the same on every machine. */
async function list(folder: string): Promise<Entry[]> {
  const entries = await node.fs.readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`ImageFolder: ${folder} cannot be read as a folder (${error.code}).`, { cause: error });
  });
  const found = await Promise.all(entries.map(async (entry) => {
    if (!entry.isSymbolicLink()) return { name: entry.name, folder: entry.isDirectory() };
    const target = await node.fs.stat(node.path.join(folder, entry.name)).catch(() => null);
    return target === null ? null : { name: entry.name, folder: target.isDirectory() };
  }));
  return found.filter((entry) => entry !== null).sort((a, b) => a.name < b.name ? -1 : 1);
}

/** The pictures in a folder and those below; a folder that a link leads back to is not entered again. */
async function find(folder: string, above: readonly string[] = []): Promise<string[]> {
  const real = await node.fs.realpath(folder);
  if (above.includes(real)) return [];
  const paths: string[] = [];
  for (const { name, folder: below } of await list(folder)) {
    const path = node.path.join(folder, name);
    if (below) paths.push(...await find(path, [...above, real]));
    else if (EXTENSIONS.includes(node.path.extname(name).toLowerCase())) paths.push(path);
  }
  return paths;
}
