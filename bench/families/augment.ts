import {
  ColorJitter,
  Compose,
  RandomCrop,
  RandomErasing,
  RandomHorizontalFlip,
  ToTensor,
  type Transform,
} from "@heddle/data";
import { fromTypedArray, Generator, scope } from "@heddle/tensor";
import { type Case, type Family, type Maker, size } from "../case.ts";
import { uniform } from "../inputs.ts";

const pictures = (name: string, kind: string): Case => ({
  family: "augment",
  name: `${name} of 1,000 pictures of CIFAR's size`,
  kind,
  sizes: { count: 1000 },
  tolerance: 0,
});

/** Augmentation of pictures before a training step: on the host, on one thread. A step of `resnet20` takes 32. */
export const augment: Family = {
  name: "augment",
  about: "augmentation of 1,000 pictures of 3×32×32",
  cases: [pictures("crop and flip", "cropFlip"), pictures("crop, flip, jitter and erase", "cropFlipJitterErase")],
};

function augmented(transforms: readonly Transform[]): Maker {
  return (sizes) => {
    const shape = [size(sizes, "count"), 3, 32, 32];
    const bytes = Uint8Array.from(uniform(1, shape.reduce((a, b) => a * b)), (value) => (value + 1) * 127.5);
    const images = fromTypedArray(bytes, shape, { device: "cpu" });
    const transform = new Compose(transforms);
    return {
      run() {
        using _ = scope();
        transform.apply(images, new Generator(1));
      },
      outputs() {
        using _ = scope();
        return [transform.apply(images, new Generator(1)).float().toTypedArray("float32")];
      },
      end: () => images.dispose(),
    };
  };
}

const cropFlip = [new ToTensor({ layout: "CHW" }), new RandomCrop(32, { padding: 4 }), new RandomHorizontalFlip()];
const jitter = new ColorJitter({ brightness: 0.2, contrast: 0.2, saturation: 0.2, hue: 0.05 });

/** Heddle's code for them. */
export const heddleAugment: Readonly<Record<string, Maker>> = {
  cropFlip: augmented(cropFlip),
  cropFlipJitterErase: augmented([...cropFlip, jitter, new RandomErasing()]),
};
