import { afterEach, expect, test, vi } from "vitest";

afterEach(() => void vi.resetModules()); // test files share modules, and the next file must not get these

test("tensors of more than 2 GiB", { tags: ["long"] }, async () => {
  // A memory of its own: what other files left in the middle of theirs would leave no free block of this size.
  vi.resetModules();
  const { full, tidy, zeros } = await import("../../mod.ts");
  tidy(() => {
    const count = 2 ** 31 + 2 ** 20 + 5;
    const x = zeros([count], { dtype: "uint8" });
    const guard = full([1000], 7);
    x.narrow(0, count - 3, 3).fill_(9);
    x.narrow(0, 2 ** 31 - 2, 4).add_(1);
    expect(x.narrow(0, count - 5, 5).toArray()).toEqual([0, 0, 9, 9, 9]);
    expect(x.narrow(0, 2 ** 31 - 3, 6).toArray()).toEqual([0, 1, 1, 1, 1, 0]);
    expect(x.sum().item()).toBe(27 + 4);
    x.add_(1);
    expect([x.at(-1).item(), x.at(0).item()]).toEqual([10, 1]);
    // Columns, so that the dimensions do not merge.
    const rows = x.narrow(0, 0, 2 ** 31 + 2 ** 20).reshape(-1, 2 ** 10).t();
    expect(rows.narrow(1, rows.shape[1]! - 3, 3).sum(0).toArray()).toEqual([1024, 1024, 1024]);
    expect(rows.sum(1).narrow(0, 0, 3).toArray()).toEqual([2 ** 21 + 1025, 2 ** 21 + 1025, 2 ** 21 + 1024]);
    expect(() => x.argmax()).toThrow("argmax: 2148532229 elements");
    expect(() => x.cumsum(0)).toThrow("out of memory");
    expect(() => x.add(1)).toThrow("out of memory");
    expect(guard.toArray<number[]>().every((value) => value === 7)).toBe(true);
  });
});
