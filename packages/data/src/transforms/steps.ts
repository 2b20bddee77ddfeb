/** The transform of a data set of pictures, fitted to how these are stored. */
import { Compose } from "./compose.ts";
import { FiveCrop, TenCrop } from "./several_crops.ts";
import { ToTensor } from "./to_tensor.ts";
import { type Transform, worksOnHost } from "./transform.ts";

/** Steps of a transform, and whether the first of them needs a channel that the pictures do not have. */
export interface Steps {
  readonly steps: readonly Transform[];
  readonly needsChannel: boolean;
}

/**
 * The steps of a data set's transform, by default {@link ToTensor}. Every `ToTensor` without a layout gets that of its input: "HW" for grey
 * pictures, as long as no step before it has added their channel.
 */
export function stepsFor(transform: Transform | undefined, layout: "HW" | "CHW"): Steps {
  const given = flat(transform ?? new ToTensor());
  const first = given[0];
  const needsChannel = layout === "HW" && first !== undefined &&
    (worksOnHost(first) || first instanceof FiveCrop || first instanceof TenCrop);
  let now = needsChannel ? "CHW" : layout;
  const steps = given.map((step) => {
    if (!(step instanceof ToTensor)) return step;
    const known = step.assumed ? new ToTensor({ layout: now }) : step;
    now = "CHW";
    return known;
  });
  return { steps, needsChannel };
}

function flat(transform: Transform): readonly Transform[] {
  return transform instanceof Compose ? transform.transforms.flatMap(flat) : [transform];
}
