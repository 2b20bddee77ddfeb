import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Buffer } from "node:buffer";
import { full, Generator } from "@heddle/tensor";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DataLoader } from "../loader/data_loader.ts";
import { Compose } from "../transforms/compose.ts";
import { RandomCrop } from "../transforms/crop.ts";
import { Resize } from "../transforms/resize.ts";
import { ToTensor } from "../transforms/to_tensor.ts";
import { encodeImage } from "./image_file.ts";
import { ImageFolder } from "./image_folder.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "heddle-folder-"));
});
afterEach(() => rm(root, { recursive: true }));
const put = async (name: string, content: Uint8Array | string): Promise<void> => {
  await mkdir(dirname(join(root, name)), { recursive: true });
  await writeFile(join(root, name), content);
};
const png = (value: number, height = 4, width = 6): Uint8Array => encodeImage(full([3, height, width], value / 255));

// 6×4 pixels of 128, written by Pillow.
const greyJpeg = Buffer.from(
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8X" +
    "GBYUGBIUFRT/wAALCAAEAAYBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z",
  "base64",
);

async function pets(): Promise<void> {
  await put("dog/b.png", png(20));
  await put("dog/a.PNG", png(10));
  await put("cat/deep/er/x.png", png(40));
  await put("cat/1.jpeg", greyJpeg);
  await put("cat/notes.txt", "nothing to see");
  await put("Zebra/z.jpg", png(60)); // what it is its bytes say, not its name
  await put("list.csv", "a,b");
}

describe("ImageFolder", () => {
  test("classes are the folders in sorted order, files are sorted, others are left out", async () => {
    await pets();
    const data = await ImageFolder.load(root);
    expect(data.classes).toEqual(["Zebra", "cat", "dog"]);
    expect(data.files.map(({ path, label }) => [path.slice(root.length + 1).replaceAll("\\", "/"), label])).toEqual([
      ["Zebra/z.jpg", 0],
      ["cat/1.jpeg", 1],
      ["cat/deep/er/x.png", 1],
      ["dog/a.PNG", 2],
      ["dog/b.png", 2],
    ]);
    const [image, label] = await data.get(3);
    expect([image.shape, image.dtype, label, data.label(3)]).toEqual([[3, 4, 6], "float32", 2, 2]);
    expect(image.amax().item()).toBeCloseTo(10 / 255, 6);
  });

  test("loaders wait for it, transforms see pictures with channels", async () => {
    await pets();
    await put("dog/large.png", png(30, 8, 9));
    const transform = new Compose([new ToTensor(), new Resize([6, 6]), new RandomCrop(5)]);
    const data = await ImageFolder.load(root, { transform, generator: new Generator(0) });
    const shapes: unknown[] = [];
    for await (const [images, labels] of new DataLoader(data, { batchSize: 4 })) {
      shapes.push([images.shape, labels.toArray()]);
    }
    expect(shapes).toEqual([[[4, 3, 5, 5], [0, 1, 1, 2]], [[2, 3, 5, 5], [2, 2]]]);
    expect(() => [...new DataLoader(data)]).toThrow(/for await/);
    const grey = await ImageFolder.load(root, { mode: "gray", transform: new Resize(3) });
    expect([(await grey.get(0))[0].shape, (await grey.get(0))[0].dtype]).toEqual([[1, 3, 4], "uint8"]);
  });

  test("links are followed, but not in circles", async () => {
    await pets();
    await put("elsewhere/e.png", png(1));
    await mkdir(join(root, "all"));
    await symlink(join(root, "dog"), join(root, "all/pets"));
    await symlink(join(root, "all"), join(root, "all/again"));
    await symlink(join(root, "nowhere"), join(root, "all/lost"));
    const data = await ImageFolder.load(root);
    expect(data.classes).toEqual(["Zebra", "all", "cat", "dog", "elsewhere"]);
    expect(data.files.filter(({ label }) => label === 1).length).toBe(2);
  });

  test("a damaged file is an error that names it, when it is read", async () => {
    await pets();
    await put("cat/0.png", png(5).subarray(0, 50));
    const data = await ImageFolder.load(root);
    await expect(data.get(1)).rejects.toThrow(/cat.0\.png: the PNG file is cut short/);
    expect((await data.get(0))[1]).toBe(0);
    await expect((await ImageFolder.load(root, { maxPixels: 20 })).get(0)).rejects.toThrow(
      /z\.jpg: the picture claims 6×4/,
    );
    await expect(data.get(17)).rejects.toThrow(/index 17 is out of range/);
  });

  test("missing folders, no classes and empty classes", async () => {
    await expect(ImageFolder.load(join(root, "none"))).rejects.toThrow(/none cannot be read as a folder \(ENOENT\)/);
    await expect(ImageFolder.load(root)).rejects.toThrow(/there are no folders in .*one for each class/);
    await put("cat/notes.txt", "");
    await expect(ImageFolder.load(root)).rejects.toThrow(/no file of .*cat ends in \.png, \.jpg, \.jpeg/);
    await expect(ImageFolder.load(root, { size: 3 } as object)).rejects.toThrow(/unknown option "size"/);
  });
});
