import { defaultGenerator, type Generator, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkArguments } from "../arguments.ts";
import { Compose } from "./compose.ts";
import { Draws } from "./random_draws.ts";
import { checkProbability, show } from "./parameters.ts";
import { onPictures, type Pictures } from "./pictures.ts";
import { type Transform, worksOnHost } from "./transform.ts";

/**
 * Applies one or several transforms in sequence with a probability (torchvision's `RandomApply`). The choice is
 * independent for each picture of a batch. With transforms that do not work on the host, such as a `Lambda`, it takes
 * samples only.
 *
 * @example
 * ```ts
 * import { ColorJitter, GaussianBlur, RandomApply } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * const sometimes = new RandomApply([new ColorJitter({ hue: 0.2 }), new GaussianBlur(3)], 0.3);
 * console.log(sometimes.apply(rand([8, 3, 32, 32])).shape); // [ 8, 3, 32, 32 ]
 * ```
 */
export class RandomApply implements Transform {
  readonly batched: boolean;
  /** Present if all parts work on the host. */
  readonly applyToPictures?: (pictures: Pictures, generator: Generator) => Pictures;
  private readonly transform: Compose;
  private readonly p: number;

  /** @throws when an element is no transform, or `p` no probability */
  constructor(transforms: Transform | readonly Transform[], p: number = 0.5) {
    checkArguments("RandomApply", arguments, 2);
    this.transform = new Compose("apply" in transforms ? [transforms] : transforms);
    this.p = checkProbability("RandomApply", p);
    this.batched = worksOnHost(this.transform);
    if (this.batched) {
      this.applyToPictures = (pictures, generator) => {
        const draws = new Draws(generator, pictures.count);
        const chosen = Array.from({ length: pictures.count }, () => +draws.chance(this.p));
        return applyInGroups("RandomApply", pictures, [null, this.transform], generator, chosen);
      };
    }
  }

  /** @throws when the transforms change the size of only some pictures of a batch */
  apply(input: Tensor, generator: Generator = defaultGenerator): Tensor {
    if (this.applyToPictures) {
      return onPictures("RandomApply", input, (pictures) => this.applyToPictures!(pictures, generator));
    }
    return new Draws(generator, 1).chance(this.p) ? this.transform.apply(input, generator) : input;
  }
}

/**
 * Applies one of several transforms, chosen at random (torchvision's `RandomChoice`). The choice is independent for
 * each picture of a batch. With transforms that do not work on the host, such as a `Lambda`, it takes samples only.
 *
 * @example
 * ```ts
 * import { Cutout, GaussianNoise, RandomChoice } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * const damage = new RandomChoice([new Cutout(8), new GaussianNoise()], { p: [3, 1] });
 * console.log(damage.apply(rand([8, 3, 32, 32])).shape); // [ 8, 3, 32, 32 ]
 * ```
 */
export class RandomChoice implements Transform {
  readonly batched: boolean;
  /** Present if all choices work on the host. */
  readonly applyToPictures?: (pictures: Pictures, generator: Generator) => Pictures;
  private readonly transforms: readonly Transform[];
  private readonly weights: readonly number[];
  private readonly total: number;

  /**
   * @param options `p`: how often each is chosen, in proportion (default: all as often)
   * @throws when there is nothing to choose from, an element is no transform, or the weights do not fit
   */
  constructor(transforms: readonly Transform[], options: { p?: readonly number[] } = {}) {
    checkOptions("RandomChoice", options, ["p"]);
    this.transforms = new Compose(transforms).transforms;
    this.weights = [...options.p ?? transforms.map(() => 1)];
    this.total = this.weights.reduce((sum, weight) => sum + weight, 0);
    const fit = this.weights.length === transforms.length && this.weights.every((w) => w >= 0);
    if (!fit || !(this.total > 0 && this.total < Infinity)) {
      throw new Error(
        `RandomChoice: expected transforms and a weight from 0 for each, not all 0; got ${transforms.length} and ${
          show(this.weights)
        }.`,
      );
    }
    this.batched = this.transforms.every(worksOnHost);
    if (this.batched) {
      this.applyToPictures = (pictures, generator) => {
        const draws = new Draws(generator, pictures.count);
        const chosen = Array.from({ length: pictures.count }, () => this.choose(draws));
        return applyInGroups("RandomChoice", pictures, this.transforms, generator, chosen);
      };
    }
  }

  /** @throws when the transforms give the pictures of a batch different sizes */
  apply(input: Tensor, generator: Generator = defaultGenerator): Tensor {
    if (this.applyToPictures) {
      return onPictures("RandomChoice", input, (pictures) => this.applyToPictures!(pictures, generator));
    }
    return this.transforms[this.choose(new Draws(generator, 1))]!.apply(input, generator);
  }

  private choose(draws: Draws): number {
    let left = draws.uniform() * this.total;
    const chosen = this.weights.findIndex((weight) => (left -= weight) < 0);
    return chosen < 0 ? this.weights.length - 1 : chosen;
  }
}

/**
 * Applies all of several transforms, in random order (torchvision's `RandomOrder`). The order is drawn for each picture
 * of a batch. With transforms that do not work on the host, such as a `Lambda`, it takes samples only.
 *
 * @example
 * ```ts
 * import { Cutout, GaussianBlur, RandomOrder } from "@heddle/data";
 * import { rand } from "@heddle/tensor";
 *
 * const damage = new RandomOrder([new Cutout(8), new GaussianBlur(3)]);
 * console.log(damage.apply(rand([8, 3, 32, 32])).shape); // [ 8, 3, 32, 32 ]
 * ```
 */
export class RandomOrder implements Transform {
  readonly batched: boolean;
  /** Present if all transforms work on the host. */
  readonly applyToPictures?: (pictures: Pictures, generator: Generator) => Pictures;
  private readonly transforms: readonly Transform[];

  /** @throws when an element is no transform */
  constructor(transforms: readonly Transform[]) {
    checkArguments("RandomOrder", arguments, 1);
    this.transforms = new Compose(transforms).transforms;
    this.batched = this.transforms.every(worksOnHost);
    if (this.batched) this.applyToPictures = (pictures, generator) => this.inOrders(pictures, generator);
  }

  /** @throws when the order changes the size of a picture, so that a batch has several */
  apply(input: Tensor, generator: Generator = defaultGenerator): Tensor {
    if (this.applyToPictures) {
      return onPictures("RandomOrder", input, (pictures) => this.applyToPictures!(pictures, generator));
    }
    const order = this.shuffled(new Draws(generator, this.transforms.length));
    return order.reduce((current, k) => this.transforms[k]!.apply(current, generator), input);
  }

  private inOrders(pictures: Pictures, generator: Generator): Pictures {
    const draws = new Draws(generator, this.transforms.length * pictures.count);
    const orders = Array.from({ length: pictures.count }, () => this.shuffled(draws));
    const different = [...new Set(orders.map(String))];
    const composed = different.map((text) => {
      const order = orders.find((each) => String(each) === text)!;
      return new Compose(order.map((k) => this.transforms[k]!));
    });
    const chosen = orders.map((order) => different.indexOf(String(order)));
    return applyInGroups("RandomOrder", pictures, composed, generator, chosen);
  }

  /** The transforms' indices, in an order by Fisher and Yates's shuffle. */
  private shuffled(draws: Draws): number[] {
    const order = this.transforms.map((_, k) => k);
    for (let k = order.length - 1; k > 0; k--) {
      const other = draws.below(k + 1);
      [order[k], order[other]] = [order[other]!, order[k]!];
    }
    return order;
  }
}

/** Groups pictures, transforms each group at once, and restores their order. */
function applyInGroups(
  where: string,
  pictures: Pictures,
  transforms: readonly (Transform | null)[],
  generator: Generator,
  chosen: readonly number[],
): Pictures {
  const groups = transforms.map((transform, k) => {
    const members = chosen.flatMap((choice, i) => choice === k ? [i] : []);
    if (members.length === 0) return null;
    const own = take(pictures, members);
    return { members, result: transform === null ? own : transform.applyToPictures!(own, generator) };
  }).filter((group) => group !== null);
  const first = groups[0]?.result;
  if (first === undefined) return pictures;
  const size = first.channels * first.height * first.width;
  const data = first.data instanceof Float32Array
    ? new Float32Array(pictures.count * size)
    : new Uint8Array(pictures.count * size);
  const shape = ({ channels, height, width }: Pictures): string => `[${channels}, ${height}, ${width}]`;
  for (const { members, result } of groups) {
    if (shape(result) !== shape(first) || result.data.constructor !== data.constructor) {
      throw new Error(
        `${where}: pictures of one batch came out as ${shape(first)} and as ${
          shape(result)
        }. Use transforms that keep ` +
          `the size, or make them equal before batching.`,
      );
    }
    members.forEach((i, k) => data.set(result.data.subarray(k * size, (k + 1) * size), i * size));
  }
  return { ...first, data, count: pictures.count };
}

function take(pictures: Pictures, members: readonly number[]): Pictures {
  const size = pictures.channels * pictures.height * pictures.width;
  const data = pictures.data instanceof Float32Array
    ? new Float32Array(members.length * size)
    : new Uint8Array(members.length * size);
  members.forEach((i, k) => data.set(pictures.data.subarray(i * size, (i + 1) * size), k * size));
  return { ...pictures, data, count: members.length };
}
