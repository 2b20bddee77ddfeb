/** Heads and masks of attention. */
import type { Tensor } from "@heddle/tensor";
import { checkTensor } from "@heddle/tensor/engine";

/** `[batch, positions, heads · d]` → `[batch, heads, positions, d]`. */
export function splitHeads(x: Tensor, heads: number): Tensor {
  return x.unflatten(-1, [heads, x.shape.at(-1)! / heads]).transpose(1, 2);
}

/** `[batch, heads, positions, d]` → `[batch, positions, heads · d]`. */
export function joinHeads(x: Tensor): Tensor {
  return x.transpose(1, 2).flatten(2);
}

/** @throws RangeError unless it is a batch of sequences, TypeError unless it is a tensor. */
export function checkIds(model: string, ids: Tensor): void {
  const given: unknown = ids;
  if (typeof given === "string") {
    throw new TypeError(`${model}: expected a tensor of token ids, got ${textInstead(given)}`);
  }
  if (Array.isArray(given)) {
    throw new TypeError(
      `${model}: expected token ids as a tensor, got an array; tensor(rows, { dtype: "int32" }) makes one of rows of equal length`,
    );
  }
  checkTensor(model, given, "token ids");
  if (ids.ndim === 2) return;
  throw new RangeError(
    `${model}: expected token ids [batch, positions], got shape [${
      ids.shape.join(", ")
    }]; unsqueeze(0) makes a batch of one`,
  );
}

/**
 * The mask `[batch, 1, 1, keys]`, true where a key takes part, of a padding mask `[batch, keys]`: bool, or numbers of which 0 is padding.
 *
 * @throws RangeError for another shape.
 */
export function keyMask(model: string, mask: Tensor | null | undefined, batch: number, keys: number): Tensor | null {
  if (mask === null || mask === undefined) return null;
  if (mask.ndim !== 2 || mask.shape[0] !== batch || mask.shape[1] !== keys) {
    throw new RangeError(
      `${model}: attentionMask has shape [${
        mask.shape.join(", ")
      }]; expected [${batch}, ${keys}], which is [batch, keys]` +
        `, cached ones included`,
    );
  }
  return (mask.dtype === "bool" ? mask : mask.ne(0)).reshape([batch, 1, 1, keys]);
}

/** A text in place of token ids, and the remedy, for errors. */
export function textInstead(text: string): string {
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  return `the text ${shown}; tokenizer.encode(text).ids has its ids`;
}
