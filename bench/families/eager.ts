import { scope } from "@heddle/tensor";
import { type Family, type Maker, size } from "../case.ts";
import { finish, input } from "./heddle_work.ts";

const PER = 1000;

/** The overhead of an operation with almost nothing to compute. */
export const eager: Family = {
  name: "eager",
  about: "a.add(b) of 16 elements, one operation at a time",
  cases: [false, true].map((tape) => ({
    family: "eager",
    name: `add of 16, ${tape ? "with" : "without"} the tape`,
    kind: "eager add",
    sizes: { count: 16, per: PER, tape },
    tolerance: 0,
    per: PER,
  })),
};

/** Heddle's code for them. */
export const heddleEager: Readonly<Record<string, Maker>> = {
  "eager add"(sizes) {
    const count = size(sizes, "count");
    const a = input(1, [count], { requiresGrad: sizes.tape === true });
    const b = input(2, [count]);
    const rounds = size(sizes, "per") / 100;
    return {
      run() {
        // A scope frees a hundred results, about as many as a training step creates; the time includes freeing.
        for (let round = 0; round < rounds; round++) {
          using _ = scope();
          for (let i = 1; i < 100; i++) a.add(b);
          const last = a.add(b);
          if (round === rounds - 1) finish(last);
        }
      },
      outputs() {
        using _ = scope();
        return [a.add(b).toTypedArray("float32")];
      },
    };
  },
};
