/** Tables with one row of features for each position. */
import { isHalf } from "@heddle/tensor/engine";
import { fromTypedArray, keep, type Tensor, tidy } from "@heddle/tensor";

/** `[positions, features]` by a formula: computed for each device and dtype on demand, and extended when it is too short. */
export class PositionTable {
  private readonly features: number;
  private readonly formula: (position: number, feature: number) => number;
  private readonly made: Map<string, Tensor>;

  constructor(features: number, formula: (position: number, feature: number) => number) {
    this.features = features;
    this.formula = formula;
    this.made = new Map();
  }

  /** The rows of `length` positions from `start` on, in the dtype (for float16 and bfloat16 in float32) and on the device of `like`. */
  rows(start: number, length: number, like: Tensor): Tensor {
    const { device } = like;
    const dtype = isHalf(like) ? "float32" : like.dtype;
    const key = `${device.name} ${dtype}`;
    let table = this.made.get(key);
    if (table === undefined || table.shape[0]! < start + length) {
      const positions = Math.max(64, 2 ** Math.ceil(Math.log2(start + length)));
      const { features, formula } = this;
      const values = Float64Array.from(
        { length: positions * features },
        (_, i) => formula(Math.floor(i / features), i % features),
      );
      table?.dispose();
      table = tidy(() => keep(fromTypedArray(values, [positions, features], { dtype, device })));
      this.made.set(key, table);
    }
    return table.narrow(0, start, length);
  }
}
