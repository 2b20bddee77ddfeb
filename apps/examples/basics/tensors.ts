// Tensors: their parts, views of the same memory, broadcasting, and in-place operations, each line with its output.
import { arange, einsum, ones, type Tensor, tensor } from "@heddle/tensor";
import { start } from "../runner/example.ts";
import { numberGrid } from "../runner/pictures/number_grid.ts";
import { panels } from "../runner/pictures/panels.ts";
import { type Basic, basic } from "./basic.ts";

/** The example; `start` runs it if this file is the main module. */
export const tensors: Basic = basic(
  "tensors",
  "Shapes, views, broadcasting and in-place operations, each with its output.",
  (_options, run) => {
    const shown: { code: string; prints: string }[] = [];
    const show = <T>(code: string, value: T): T => {
      const prints = Array.isArray(value) ? `[${value.join(", ")}]` : String(value);
      shown.push({ code, prints });
      run.print(`> ${code}\n${prints}\n`);
      return value;
    };

    run.print(
      "A tensor is a row of numbers with a shape and strides: how many numbers to skip for the next row or column.\n",
    );
    const x = show("x = arange(12).view(3, 4)", arange(12).view(3, 4));
    show("x.shape", x.shape);
    show("x.strides", x.strides);
    show("x.dtype", x.dtype);
    show("x.at(1, 2).item()", x.at(1, 2).item());
    show("x.sum(0)", x.sum(0));
    show("x.mean(1, { keepdim: true })", x.mean(1, { keepdim: true }));

    run.print("A view has another shape and other strides on the same numbers; no number moves.\n");
    const turned = show("turned = x.t()", x.t());
    show("turned.strides", turned.strides);
    show('x.at("1:")', x.at("1:"));
    const second = show('second = x.at(":", "::2")', x.at(":", "::2"));
    show("second.strides", second.strides);
    show("x.view(2, 6)", x.view(2, 6));
    show("x.at(x.remainder(2).eq(0))", x.at(x.remainder(2).eq(0)));

    run.print(
      "Broadcasting: dimensions are matched from the right; a missing one or one of size 1 is repeated without a copy.\n",
    );
    const column = show("column = tensor([[0], [10], [20]])", tensor([[0], [10], [20]]));
    const row = show("row = tensor([1, 2, 3, 4])", tensor([1, 2, 3, 4]));
    const sum = show("column.add(row)", column.add(row));
    show("column.expand(3, 4).strides", column.expand(3, 4).strides);
    const refusal = show("column.add(tensor([1, 2, 3, 4]).view(2, 2))", refused(() => column.add(row.view(2, 2))));

    run.print("In place: a name that ends in _ writes into the tensor, and every view of its memory sees it.\n");
    show("turned.at(0).fill_(100)", turned.at(0).fill_(100));
    show("x", x);
    const copy = show("copy = x.clone().mul_(2)", x.clone().mul_(2));
    show("[copy.at(0, 1).item(), x.at(0, 1).item()]", [copy.at(0, 1).item(), x.at(0, 1).item()]);
    show("x.add_(column)", x.add_(column));

    run.print("Products: of matrices, and over any named dimensions.\n");
    show("x.matmul(ones([4, 2]))", x.matmul(ones([4, 2])));
    show('einsum("ij,kj->ik", x, x)', einsum("ij,kj->ik", x, x));

    const grid = (title: string, values: Tensor, tinted?: (i: number, j: number) => boolean): string => {
      const matrix = values.ndim === 1 ? values.unsqueeze(0) : values;
      const subtitle = `[${values.shape.join(", ")}], strides [${values.strides.join(", ")}]`;
      return numberGrid({
        title,
        subtitle,
        rows: matrix.toArray<number[][]>(),
        width: 220,
        ...(tinted && { tinted }),
      });
    };
    const y = arange(12).view(3, 4);
    run.out.picture(
      "views.svg",
      panels("Views of one memory", [
        grid("x = arange(12).view(3, 4)", y),
        grid("x.t()", y.t()),
        grid('x.at(":", "::2")', y.at(":", "::2")),
        grid('x.at("1:", "1:3")', y.at("1:", "1:3")),
      ]),
    );
    run.out.picture(
      "broadcasting.svg",
      panels("Broadcasting", [
        grid("column", column),
        grid("row", row),
        grid("column.expand(3, 4)", column.expand(3, 4), (_i, j) => j > 0),
        grid("row.expand(3, 4)", row.expand(3, 4), (i) => i > 0),
        grid("column.add(row)", sum),
      ]),
    );
    return { refusal, shown };
  },
);

/** The message of the error that a function throws. */
function refused(fn: () => unknown): string {
  try {
    fn();
  } catch (error) {
    return String(error);
  }
  throw new Error("tensors: expected an error");
}

await start(import.meta.url, tensors);
