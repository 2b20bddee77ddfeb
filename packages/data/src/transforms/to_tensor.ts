import { isFloat, type Tensor } from "@heddle/tensor";
import { checkOptions } from "@heddle/tensor/engine";
import { checkDims, type Transform } from "./transform.ts";

/** The order of a picture's dimensions: height, width, channels. */
export type ImageLayout = "HW" | "CHW" | "HWC";

/**
 * Converts stored pictures to network inputs (torchvision's `ToTensor`): uint8 from 0 to 255 becomes float32 from 0 to
 * 1, and channels move before height and width. Float pictures are not scaled.
 *
 * The default is for grey pictures: [H, W] becomes [1, H, W], and a batch [N, H, W] becomes [N, 1, H, W]. With `layout:
 * "CHW"` or `"HWC"` pictures have channels already, and the result is [C, H, W], batches as [N, C, H, W]. In the
 * transform of a data set of pictures it needs no layout, since the data set knows it.
 *
 * @example
 * ```ts
 * import { ToTensor } from "@heddle/data";
 * import { tensor } from "@heddle/tensor";
 *
 * console.log(new ToTensor().apply(tensor([[0, 51], [102, 255]], { dtype: "uint8" })).toArray());
 * ```
 */
export class ToTensor implements Transform {
  readonly batched: boolean = true;
  /** The layout of the input. */
  readonly layout: ImageLayout;
  /** Whether the layout was not given, so that a data set uses its own. */
  readonly assumed: boolean;

  /** @throws for an unknown layout */
  constructor(options: { layout?: ImageLayout } = {}) {
    checkOptions("ToTensor", options, ["layout"]);
    const { layout = "HW" } = options;
    if (!["HW", "CHW", "HWC"].includes(layout)) {
      throw new Error(`ToTensor: layout must be "HW", "CHW" or "HWC", got "${layout}".`);
    }
    this.layout = layout;
    this.assumed = options.layout === undefined;
  }

  /** @throws when the shape does not fit the layout, or the dtype is neither uint8 nor a float */
  apply(input: Tensor): Tensor {
    const least = this.layout.length;
    checkDims("ToTensor", input, least, `[${[...this.layout].join(", ")}], perhaps with a batch dimension in front`);
    if (input.ndim > least + 1) {
      throw new Error(
        `ToTensor: shape [${input.shape.join(", ")}] has too many dimensions for layout "${this.layout}"; ` +
          `pictures with channels need layout: "CHW" or "HWC".`,
      );
    }
    const floating = isFloat(input.dtype);
    if (!floating && input.dtype !== "uint8") {
      throw new Error(`ToTensor: expected uint8 (0 to 255) or float pictures, got ${input.dtype}.`);
    }
    const values = floating ? input : input.to("float32").div(255);
    if (this.layout === "HW") return values.unsqueeze(-3);
    return this.layout === "HWC" ? values.movedim(-1, -3) : values;
  }
}
