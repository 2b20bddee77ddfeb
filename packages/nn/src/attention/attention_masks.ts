/** Converts the masks of PyTorch's attention modules to those of the attention function. */
import type { Tensor } from "@heddle/tensor";
import { showSizes } from "../sizes.ts";

/** Masks in which true keeps a key out. */
export interface ModuleMasks {
  readonly keyPaddingMask?: Tensor | null;
  readonly attnMask?: Tensor | null;
}

/** True where a key takes part; numbers stay, in the dtype of the scores. */
function asSeen(mask: Tensor, name: string, dtype: string): Tensor {
  if (mask.dtype === "bool") return mask.logicalNot();
  if (mask.dtype === dtype) return mask;
  throw new TypeError(
    `MultiheadAttention: ${name} is ${mask.dtype}; give bool (true: kept out), or ${dtype} to be added to the scores`,
  );
}

/**
 * Masks that broadcast to `[batch, heads, queries, keys]`.
 *
 * @param queries the shape of the queries, `[batch, heads, queries, headDim]`.
 * @throws RangeError for masks of other shapes, TypeError for dtypes that cannot be masks.
 */
export function attentionMasks(
  { keyPaddingMask, attnMask }: ModuleMasks,
  [batch, heads, queries]: readonly number[],
  keys: number,
  dtype: string,
): Tensor[] {
  const masks: Tensor[] = [];
  if (attnMask) {
    const each = attnMask.ndim === 2 ? attnMask.unsqueeze(0) : attnMask;
    const count = each.shape[0];
    if (
      each.ndim !== 3 || (count !== 1 && count !== batch! * heads!) || each.shape[1] !== queries ||
      each.shape[2] !== keys
    ) {
      throw new RangeError(
        `MultiheadAttention: attnMask has shape ${
          showSizes(attnMask.shape)
        }; expected [${queries}, ${keys}], which is [queries, ` +
          `keys], or [${batch! * heads!}, ${queries}, ${keys}], one for each head of each sequence`,
      );
    }
    const seen = asSeen(each, "attnMask", dtype);
    masks.push(count === 1 ? seen : seen.unflatten(0, [batch!, heads!]));
  }
  if (keyPaddingMask) {
    const { shape, ndim } = keyPaddingMask;
    if ((ndim !== 2 || shape[0] !== batch) && !(ndim === 1 && batch === 1) || shape.at(-1) !== keys) {
      throw new RangeError(
        `MultiheadAttention: keyPaddingMask has shape ${
          showSizes(shape)
        }; expected [${batch}, ${keys}], which is [batch, keys]`,
      );
    }
    masks.push(asSeen(keyPaddingMask, "keyPaddingMask", dtype).reshape([batch!, 1, 1, keys]));
  }
  return masks;
}
