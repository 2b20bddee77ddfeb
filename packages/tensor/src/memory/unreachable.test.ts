import { describe, expect, test } from "vitest";
import { become, own } from "../tensor/core.ts";
import { keep, memory, ones, type Scope, scope, type Tensor, tidy } from "../mod.ts";
import { collectGarbage, nextTurn } from "../runtime.ts";

/** Ways in which memory of a tensor outlives the scope it was made in. They keep no reference to it. */
const ways: Readonly<Record<string, () => object | void>> = {
  "no scope": () => void ones([10]).add(1),
  "kept": () => {
    using _ = scope();
    keep(ones([10]));
  },
  "returned from tidy": () => void tidy(() => ones([10]).add(1)),
  "returned through two scopes": () => void tidy(() => tidy(() => ones([10]))),
  "a view of freed memory": () => void tidy(() => ones([10]).narrow(0, 2, 3)),
  "a view that is kept": () => {
    using _ = scope();
    keep(ones([10]).narrow(0, 2, 3));
  },
  "a tensor that another one became": () => {
    const x = ones([1]);
    using _ = scope();
    become(x, ones([10]));
  },
  "a tensor in a scope that became one outside": () => {
    const other = ones([10]);
    using _ = scope();
    const x = keep(ones([1]));
    become(x, other);
  },
  "state of a tensor outside": () => {
    const x = ones([1]);
    using _ = scope();
    own(x, ones([10]));
  },
  "a suspended scope that is dropped": () => {
    const dropped = scope();
    ones([10]).add(1);
    dropped.suspend();
  },
  "a detached handle": () => {
    let other: Tensor | null = null;
    {
      using _ = scope();
      other = keep(ones([10]).detach());
    }
    void other;
  },
};

async function freesAll(make: () => object | void): Promise<void> {
  const before = memory();
  for (let i = 0; i < 20; i++) make();
  for (let turn = 0; turn < 10 && memory().storages > before.storages; turn++) {
    collectGarbage();
    await nextTurn();
  }
  // What tests before this one left may be freed, too.
  expect(memory().storages).toBeLessThanOrEqual(before.storages + 1);
}

describe("memory that nothing reaches is freed", () => {
  test.each(Object.keys(ways))("%s", async (way) => await freesAll(ways[way]!));

  test("not what an open scope holds", async () => {
    const before = memory().storages;
    const open: Scope = scope();
    for (let i = 0; i < 50; i++) ones([10]);
    for (let turn = 0; turn < 4; turn++) {
      collectGarbage();
      await nextTurn();
    }
    expect(memory().storages).toBe(before + 50);
    open.end();
    expect(memory().storages).toBe(before);
  });
});

test("memory in use is not freed while a handle that no scope holds is reachable", async () => {
  const parameter = ones([10]);
  const views = tidy(() => [parameter.narrow(0, 0, 5), parameter.view(2, 5)]);
  parameter.dispose();
  for (let turn = 0; turn < 4; turn++) {
    collectGarbage();
    await nextTurn();
  }
  expect(views.map((view) => view.sum().item())).toEqual([5, 10]);
});
